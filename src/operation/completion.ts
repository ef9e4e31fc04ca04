import { oneOf, record, text } from "../model/schema.ts";
import { defineFreeOperation } from "./define.ts";

/** Prints the shell script for completion. It asks `jvs __complete` for the words, so it is never out of date. */
export const completion = defineFreeOperation({
  name: "completion",
  summary: "Print the script that completes jvs commands in your shell",
  about:
    "It completes commands, flags and their values, and the snapshots, worktrees, refs and settings of your repository.",
  examples: [
    ['eval "$(jvs completion bash)"', "for this shell; put it into ~/.bashrc for every shell"],
    ['eval "$(jvs completion zsh)"', "the same for zsh, after compinit in ~/.zshrc"],
  ],
  changes: "nothing",
  input: record({
    shell: oneOf("bash", "zsh").about("The shell: bash or zsh.").cli({ positional: true }),
  }, { closed: true }),
  output: record({
    shell: text().about("The shell that the script is for."),
    script: text().about("The script, which the shell evaluates."),
  }),
  run: (_context, { shell }) => Promise.resolve({ shell, script: shell === "bash" ? BASH : ZSH }),
});

/**
 * `jvs __complete` receives the words up to the cursor. It prints a line for each candidate: the word, a tab, its
 * meaning. The line `:files` asks the shell for file names.
 */
const BASH = `# jvs completion for bash
_jvs() {
  local line words=("\${COMP_WORDS[@]:1:COMP_CWORD}") current="\${COMP_WORDS[COMP_CWORD]}"
  # Bash makes a word of its own of "=": --flag=value comes as three.
  if [ "$current" = "=" ]; then current=""; fi
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ":files" ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <("\${COMP_WORDS[0]}" __complete "\${words[@]}" 2>/dev/null)
  case "\${COMPREPLY[0]-}" in
  *=) compopt -o nospace 2>/dev/null ;;
  esac
}
complete -F _jvs jvs
`;

const ZSH = `#compdef jvs
_jvs() {
  local line
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then
      _files
    else
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#candidates )) && _describe -t jvs jvs candidates
}
compdef _jvs jvs
`;
