# Completion of panns for bash. To have it in each new shell:
#   panns completion bash > ~/.local/share/bash-completion/completions/panns

_panns() {
    local line kind=words
    COMPREPLY=()
    while IFS=$'\t' read -r kind line; do
        case $kind in
            files) compopt -o default ;;
            words) COMPREPLY+=("$line") ;;
        esac
    done < <("$1" completion bash -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}

complete -F _panns panns
