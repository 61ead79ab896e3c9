"""Pictures of recordings and tables, as files: what `panns plot` writes.

recordings --network--.
                       >-- scenes --pictures--> one file, pages, or a tree of files
tables ----rows-------'

the same --clock--> events by day and hour --calendar--> one file
"""
