# Completion of panns for fish. To have it in each new shell:
#   panns completion fish > ~/.config/fish/completions/panns.fish

function __panns_candidates
    set -l words (commandline -opc) (string unescape -- (commandline -ct))
    test (count $words) -eq (count (commandline -opc)); and set -a words ""
    for line in ($words[1] completion fish -- $words[2..] 2>/dev/null)
        set -l cells (string split \t -- $line)
        switch $cells[1]
            case files
                __fish_complete_path (commandline -ct)
            case words
                printf '%s\t%s\n' $cells[2] "$cells[3]"
        end
    end
end

complete -c panns -f -a '(__panns_candidates)'
