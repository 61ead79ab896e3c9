#compdef panns
# Completion of panns for zsh. To have it in each new shell, a folder of $fpath holds it as _panns:
#   panns completion zsh > "${fpath[1]}/_panns"

_panns() {
    local kind value meaning
    local -a values shown
    while IFS=$'\t' read -r kind value meaning; do
        case $kind in
            files) _files ;;
            words)
                values+=("$value")
                shown+=("$value${meaning:+  -- $meaning}")
                ;;
        esac
    done < <("${words[1]}" completion zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    (( ${#values} )) && compadd -U -l -d shown -a values
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _panns "$@"
else
    compdef _panns panns
fi
