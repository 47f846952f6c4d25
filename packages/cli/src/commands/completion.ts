import { Command } from 'commander';
import { completionScript, type Shells, shells } from '../output/completion.ts';
import { programFor } from '../program.ts';
import type { Shell } from '../shell.ts';

const help = `
Install it for your shell:
  bash   assay completion bash > ~/.local/share/bash-completion/completions/assay
  zsh    assay completion zsh > "\${fpath[1]}/_assay"
  fish   assay completion fish > ~/.config/fish/completions/assay.fish`;

/** `assay completion SHELL`: the script, made from the command tree. */
export function build(shell: Shell): Command {
  const command = new Command('completion').addHelpText('after', help);
  const argument = command.createArgument('<SHELL>', 'the shell').choices(shells);
  return command.addArgument(argument).action(async (name: Shells) => {
    shell.print(completionScript(name, await programFor([], shell, true)));
  });
}
