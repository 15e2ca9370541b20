import tab from '@bomb.sh/tab/commander'
import { Command } from 'commander'
import { enableDebug } from '../lib/debug.ts'
import { toolVersion } from '../lib/version.ts'
import { addHistory } from './program/history.ts'
import { addJudging } from './program/judging.ts'
import { addMachine } from './program/machine.ts'
import { addSelftest } from './program/selftest.ts'
import { addServer, addWorker } from './program/server.ts'

/** The whole command line: names, flags and help. The reference page of commands is generated from it. */
export function buildProgram(): Command {
  const program = new Command('cc-ci')
    .description(
      'Proves that a Co-op Cloud recipe installs, upgrades, backs up, restores and works, on a real Docker Swarm.',
    )
    .version(toolVersion())
    .option('--verbose', 'say on standard error what it does and waits for, as with DEBUG=cc-ci:*')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES)
  program.hook('preAction', () => {
    if (program.opts<{ verbose?: boolean }>().verbose) enableDebug()
  })
  addJudging(program)
  addMachine(program)
  addHistory(program)
  addSelftest(program)
  addServer(program)
  addWorker(program)
  tab(program)
  return program
}

const EXAMPLES = `
Examples:
  cc-ci test                      judge the recipe in this folder, uncommitted changes included
  cc-ci test ./gitea --only lint,install
  cc-ci test https://git.coopcloud.tech/coop-cloud/gitea.git --ref my-branch --base 3.2.0+1.24.1
  cc-ci plan ./gitea              what a run would do and why; touches nothing
  cc-ci doctor                    what this machine lacks, and how to fix it
  source <(cc-ci complete bash)   completion for this shell

Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 unverified, 4 internal error, 130/143 interrupted.`
