// cspell:ignore cachetextconv difffilter difftool gitcvs guitool instaweb insteadof mergetool openpgp partialclone partialclonefilter receivepack rerere sendemail smtpserver smtpsslcertpath textconv tocmd uploadpack xfuncname
/**
 * What git documents (`git help --config`) that may name a program. `keys`: as it is written into a configuration, by `sh` with a program
 * that leaves the mark of this row. A documented key that looks like one and has no row here makes the test fail.
 */
export interface ExecutableKey {
  readonly documented: string
  /** Keys and their values; `run` is a command line that leaves the mark, `program` a file that does. */
  readonly keys: (parts: { readonly run: string; readonly program: string }) => Readonly<Record<string, string>>
}

const command = (documented: string, ...keys: string[]): ExecutableKey => ({
  documented,
  keys: ({ run }) => Object.fromEntries(keys.map((key) => [key, run])),
})
const program = (documented: string, ...keys: string[]): ExecutableKey => ({
  documented,
  keys: ({ program }) => Object.fromEntries(keys.map((key) => [key, program])),
})

/** What cc-ci has git do, and what git does beneath it. */
const COMMANDS =
  'cat-file checkout checkout-index clone config fetch for-each-ref init log ls-files ls-remote ls-tree merge-base read-tree rev-list rev-parse status symbolic-ref tag'.split(
    ' ',
  )

export const EXECUTABLE_KEYS: readonly ExecutableKey[] = [
  {
    documented: 'alias.*',
    keys: ({ run }) => Object.fromEntries(COMMANDS.map((name) => [`alias.${name}`, `!${run}`])),
  },
  command('browser.<tool>.cmd', 'browser.x.cmd'),
  program('browser.<tool>.path', 'browser.x.path'),
  command('core.alternateRefsCommand', 'core.alternateRefsCommand'),
  program('core.askPass', 'core.askPass'),
  command('core.editor', 'core.editor'),
  program('core.fsmonitor', 'core.fsmonitor'),
  program('core.gitProxy', 'core.gitProxy'),
  command('core.pager', 'core.pager'),
  command('core.sshCommand', 'core.sshCommand'),
  {
    documented: 'credential.helper',
    keys: ({ run }) => ({ 'credential.helper': `!${run}`, 'credential.https://a.test.helper': `!${run}` }),
  },
  command('diff.<driver>.command', 'diff.x.command'),
  command('diff.<driver>.textconv', 'diff.x.textconv'),
  program('diff.external', 'diff.external'),
  command('diff.guitool', 'diff.guitool'),
  command('diff.tool', 'diff.tool'),
  command('difftool.<tool>.cmd', 'difftool.x.cmd'),
  program('difftool.<tool>.path', 'difftool.x.path'),
  command('filter.<driver>.clean', 'filter.x.clean'),
  command('filter.<driver>.smudge', 'filter.x.smudge'),
  command('filter.<driver>.process', 'filter.y.process'),
  program('gpg.<format>.program', 'gpg.openpgp.program', 'gpg.x509.program', 'gpg.ssh.program'),
  program('gpg.program', 'gpg.program'),
  command('gpg.ssh.defaultKeyCommand', 'gpg.ssh.defaultKeyCommand'),
  command('guitool.<name>.cmd', 'guitool.x.cmd'),
  program('help.browser', 'help.browser'),
  command('imap.tunnel', 'imap.tunnel'),
  command('instaweb.browser', 'instaweb.browser'),
  command('instaweb.httpd', 'instaweb.httpd'),
  command('interactive.diffFilter', 'interactive.diffFilter'),
  command('man.<tool>.cmd', 'man.x.cmd'),
  program('man.<tool>.path', 'man.x.path'),
  command('man.viewer', 'man.viewer'),
  command('merge.<driver>.driver', 'merge.x.driver'),
  command('merge.guitool', 'merge.guitool'),
  command('merge.tool', 'merge.tool'),
  command('mergetool.<tool>.cmd', 'mergetool.x.cmd'),
  program('mergetool.<tool>.path', 'mergetool.x.path'),
  { documented: 'pager.<cmd>', keys: ({ run }) => Object.fromEntries(COMMANDS.map((name) => [`pager.${name}`, run])) },
  command('remote.<name>.receivepack', 'remote.origin.receivepack'),
  {
    documented: 'remote.<name>.uploadpack',
    keys: ({ run }) => ({ 'remote.origin.uploadpack': `${run}; git-upload-pack` }),
  },
  command('sendemail.ccCmd', 'sendemail.ccCmd'),
  command('sendemail.headerCmd', 'sendemail.headerCmd'),
  command('sendemail.sendmailCmd', 'sendemail.sendmailCmd'),
  program('sendemail.smtpServer', 'sendemail.smtpServer'),
  command('sendemail.tocmd', 'sendemail.tocmd'),
  command('sequence.editor', 'sequence.editor'),
  {
    documented: 'submodule.<name>.update',
    keys: ({ run }) => ({ 'submodule.x.update': `!${run}`, 'submodule.x.active': 'true' }),
  },
  command('tar.<format>.command', 'tar.tar.command'),
  command('trailer.<token>.cmd', 'trailer.x.cmd'),
  command('trailer.<token>.command', 'trailer.x.command'),
  program('uploadpack.packObjectsHook', 'uploadpack.packObjectsHook'),
  {
    documented: 'url.<base>.insteadOf',
    keys: ({ run }) => ({ [`url.ext::sh -c ${percent(run)} .insteadOf`]: 'https://', 'protocol.ext.allow': 'always' }),
  },
  {
    documented: 'url.<base>.pushInsteadOf',
    keys: ({ run }) => ({ [`url.ext::sh -c ${percent(run)} .pushInsteadOf`]: 'https://' }),
  },
  command('web.browser', 'web.browser'),
]

/** Keys that the test plants in another way than with a program for a value. */
export const PLANTED_OTHERWISE: readonly string[] = [
  'core.hooksPath',
  'core.attributesFile',
  'extensions.partialClone',
  'include.path',
  'includeIf.<condition>.path',
  'remote.<name>.partialclonefilter',
  'remote.<name>.promisor',
  'remote.<name>.vcs',
]

/** The words of a documented key that is meant to run something, or leads to what does. */
export const LOOKS_EXECUTABLE =
  /program|command|cmd|helper|hook|editor|pager|proxy|driver|textconv|clean|smudge|process|fsmonitor|askpass|uploadpack$|receivepack|\.vcs$|alias|insteadof|browser|viewer|tool$|tunnel|httpd|sendmail|smtpserver|difffilter|exec|external|update$|path$|promisor|partialclone/i

/** Keys that have such words and hold no program: switches, numbers, addresses, names, files that are only read. */
export const HOLDS_NO_PROGRAM = [
  /^advice\./,
  /^(receive\.)?fsck\./,
  /^color\./,
  /^column\./,
  /^clean\.requireForce$/,
  /^commit\.cleanup$/,
  /^completion\.commands$/,
  /^core\.fsmonitorHookVersion$/,
  /^core\.quotePath$/,
  /^credential\.useHttpPath$/,
  /^diff\.<driver>\.(binary|cachetextconv|wordRegex|xfuncname|trustExitCode)$/,
  /^difftool\.(prompt|trustExitCode|<tool>\.trustExitCode|guiDefault)$/,
  /^fsmonitor\./,
  /^gitcvs\./,
  /^gui\./,
  /^guitool\.<name>\.(?!cmd$)/,
  /^help\.htmlPath$/,
  /^http\.(proxy|proxyAuthMethod|proxySSL\w+|sslCAPath)$/,
  /^instaweb\.modulePath$/,
  /^merge\.<driver>\.(name|recursive)$/,
  /^notes\.rewrite\.<command>$/,
  /^push\.useForceIfIncludes$/,
  /^rebase\./,
  /^receive\.(procReceiveRefs|shallowUpdate|updateServerInfo)$/,
  /^remote\.<name>\.(proxy|proxyAuthMethod|skipDefaultUpdate)$/,
  /^rerere\.autoUpdate$/,
  /^sendemail\.(aliasFileType|aliasesFile|smtpsslcertpath|smtpServerPort|smtpServerOption|forbidSendmailVariables)$/,
]

/** `ext::` splits its command at blanks, and takes `% ` for one. */
function percent(run: string): string {
  return run.replaceAll(' ', '% ')
}
