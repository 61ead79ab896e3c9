"""Pictures of what was found: which sounds a recording holds, and when (extra `plot`).

    result, events of a table --scene--> sound, probabilities, events --panels--> picture

matplotlib is imported when something is drawn. No window is opened, and neither its settings nor
those of pyplot are touched: what comes is a `Figure`.
"""
