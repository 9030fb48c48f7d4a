/** Shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/*
 * The scripts know nothing but how to ask: `meshkeeper __complete` answers with a line a candidate, a tab
 * before its description; a first line that begins with a colon says what the shell is to do besides.
 */

const BASH = `# meshkeeper completion for bash: source <(meshkeeper completion bash)
_meshkeeper() {
  local line=\${COMP_LINE:0:COMP_POINT} candidate directive='' typed
  local word=\${line##*[[:space:]]}
  # bash completes what is behind a colon or an equals sign alone, if these break words.
  local behind=\${word##*[\${COMP_WORDBREAKS//[^:=]/}]}
  [[ $COMP_WORDBREAKS == *[:=]* ]] || behind=$word
  typed=\${word%"$behind"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    if [[ $candidate == :* ]]; then directive=$candidate; continue; fi
    candidate=\${candidate%%$'\\t'*}
    candidate=\${candidate#"$typed"}
    # Within quotes it is taken as it is.
    [[ $word == [\\'\\"]* ]] || printf -v candidate %q "$candidate"
    COMPREPLY+=("$candidate")
  done < <("\${COMP_WORDS[0]}" __complete --line "$line" 2>/dev/null)
  case $directive in
    :files) compopt -o default ;;
    :nospace) compopt -o nospace ;;
  esac
}
complete -F _meshkeeper meshkeeper
`;

const ZSH = `#compdef meshkeeper
# meshkeeper completion for zsh: source <(meshkeeper completion zsh), after compinit
_meshkeeper() {
  local line directive=''
  local -a values shown extra
  while IFS= read -r line; do
    if [[ $line == :* ]]; then directive=$line; continue; fi
    values+=("\${line%%$'\\t'*}")
    if [[ $line == *$'\\t'* ]]; then shown+=("\${line%%$'\\t'*} -- \${line#*$'\\t'}")
    else shown+=("$line"); fi
  done < <("\${words[1]}" __complete -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)
  case $directive in
    :files) _files; return ;;
    :nospace) extra=(-S '') ;;
  esac
  compadd -l -d shown "\${extra[@]}" -a values
}
if [[ $funcstack[1] == _meshkeeper ]]; then _meshkeeper "$@"; else compdef _meshkeeper meshkeeper; fi
`;

const FISH = `# meshkeeper completion for fish: meshkeeper completion fish | source
function __meshkeeper_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] "$word" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$word"
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c meshkeeper -f -a '(__meshkeeper_complete)'
`;

/** The script that a shell is to read. */
export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
