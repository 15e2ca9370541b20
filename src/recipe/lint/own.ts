import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { parseLocation } from '../../lib/text/source-location.ts'
import { policyProblems } from '../policy/policy.ts'
import { isCharset } from '../secrets/secret-value.ts'
import { MODIFIERS, secretEntry, secretVariables, usedSecrets } from '../secrets/secrets.ts'
import { stackName } from '../stack/app-env.ts'
import { misplacedLabels, unknownLabels, versionOneLabels } from './backup-labels.ts'
import { fact } from './coop-cloud.ts'
import { newVariables } from './evolution.ts'
import { fixedContents } from './fixed-contents.ts'
import type { LintContext, LintFact, LintRule } from './rule.ts'
import { templateVariables } from './template-variables.ts'
import { idleTraefikLabels, ruledRouters, unknownTraefikLabels } from './traefik-labels.ts'
import {
  dependencies,
  ignoredKeys,
  interpolationTraps,
  octalModes,
  oneLetterVolumes,
  variableDurations,
} from './traps.ts'

/** The rule that the recipe can be planned at all. */
export const CAN_BE_READ = 'CC00'

/** The rules of cc-ci. */
export const OWN_RULES: readonly LintRule[] = [
  {
    id: CAN_BE_READ,
    title: 'The recipe can be read',
    severity: 'error',
    fix: 'Correct what is named there. What could not be looked at because of it is skipped.',
    source: "docker stack deploy and the operators' client, which stop there",
    check: ({ unread = [] }) => {
      if (unread.length === 0) return [{ subject: 'recipe' }]
      return unread.map(({ message, where, hint }) => ({
        subject: where?.file ?? 'recipe',
        problem: message,
        where,
        fix: hint,
      }))
    },
  },
  {
    id: 'CC01',
    title: 'A config or secret file that changed has a new version',
    severity: 'error',
    fix: 'Raise the named version in abra.sh, or put another one into its name.',
    source: 'Co-op Cloud upgrade checklist; Swarm configs and secrets cannot be changed under the same name',
    cause: 'config-version-not-bumped',
    check: fixedContents,
  },
  {
    id: 'CC02',
    title: 'A new variable has a default',
    severity: 'warning',
    fix: `Write \${NAME:-default} in the compose file.`,
    source: 'Co-op Cloud upgrade checklist',
    check: newVariables,
  },
  {
    id: 'CC03',
    title: 'File modes are octal',
    severity: 'error',
    fix: 'Write the mode with a leading 0, without quotes: 0555.',
    source: 'docker stack deploy reads 555 as a decimal number',
    check: octalModes,
  },
  {
    id: 'CC04',
    title: 'Volume names have more than one letter',
    severity: 'error',
    fix: 'Give the volume a longer name, or mount it with type: volume and source:.',
    source: 'docker stack deploy reads a:/data as a path on a Windows drive',
    check: oneLetterVolumes,
  },
  {
    id: 'CC05',
    title: 'Labels for tools are service labels',
    severity: 'error',
    fix: 'Move them to deploy.labels.',
    source: 'Swarm: labels: belong to the container, deploy.labels: to the service',
    check: misplacedLabels,
  },
  {
    id: 'CC06',
    title: 'Backup labels are known',
    severity: 'error',
    fix: 'Use the labels of the backup specification.',
    source: 'Co-op Cloud backup specification, version 2',
    check: unknownLabels,
  },
  {
    id: 'CC07',
    title: 'Backup labels are those of version 2',
    severity: 'warning',
    fix: 'Name volumes and paths with backupbot.backup.volumes.<volume>.path.',
    source: 'Co-op Cloud backup specification, version 2',
    check: versionOneLabels,
  },
  {
    id: 'CC08',
    title: 'The compose policy allows what the stack asks for',
    severity: 'error',
    fix: 'Remove it, or ask the operator to allow it for this recipe.',
    source: 'cc-ci compose policy',
    cause: 'policy-refused',
    check: policy,
  },
  {
    id: 'CC09',
    title: 'Variables stand where they are interpolated',
    severity: 'warning',
    fix: 'Use braces, and the list form of labels when a name holds a variable.',
    source: 'docker stack deploy: $NAME-x means "NAME, or else x"; keys are not interpolated',
    check: interpolationTraps,
  },
  {
    id: 'CC10',
    title: 'Every secret can be generated',
    severity: 'error',
    fix: 'Add SECRET_<NAME>_VERSION=v1 to .env.sample.',
    source: 'Co-op Cloud: only secrets with a version variable are generated',
    cause: 'secret-missing',
    check: secretVersions,
  },
  {
    id: 'CC11',
    title: 'The modifiers of secrets are known',
    severity: 'warning',
    fix: 'Use length=N, generate=true or false, and charset= with default, special, safespecial, hex or alnum, or several with commas.',
    source: 'Co-op Cloud secrets; what is not known there counts for nothing',
    check: modifiers,
  },
  {
    id: 'CC12',
    title: 'Every key has an effect',
    severity: 'info',
    fix: 'Remove the key, or write its counterpart under deploy:.',
    source: 'docker stack deploy: unsupported and deprecated keys',
    check: ignoredKeys,
  },
  {
    id: 'CC13',
    title: 'Every variable has a value',
    severity: 'warning',
    fix: 'Set the variable in .env.sample, or give it a default in the compose file.',
    source: 'docker stack deploy puts an empty text in its place',
    check: (context) => factsOf(context, 'undefined-variable', 'variable'),
  },
  {
    id: 'CC14',
    title: 'Durations are written out',
    severity: 'warning',
    fix: 'Write the duration itself.',
    source: "the operators' client checks the compose schema before it interpolates",
    check: variableDurations,
  },
  {
    id: 'CC15',
    title: 'Traefik knows its labels',
    severity: 'error',
    fix: 'Correct the name of the label. Traefik passes over every label of a service that has one it does not know.',
    source: "Traefik's providers for Docker and Swarm; asked of Traefik 3.7 label by label",
    cause: 'http-not-serving',
    check: (context) => unknownTraefikLabels(context, 'error'),
  },
  {
    id: 'CC16',
    title: 'Traefik knows the options of its middlewares',
    severity: 'warning',
    fix: 'Correct the name of the option, or see which version of Traefik has it.',
    source: "Traefik's providers for Docker and Swarm; asked of Traefik 3.7 label by label",
    check: (context) => unknownTraefikLabels(context, 'warning'),
  },
  {
    id: 'CC17',
    title: 'Every router has a rule',
    severity: 'error',
    fix: `Write traefik.http.routers.<name>.rule=Host(\`\${DOMAIN}\`) under deploy.labels.`,
    source: 'Traefik gives a router without a rule a host name that nobody asks for',
    cause: 'http-not-serving',
    check: ruledRouters,
  },
  {
    id: 'CC18',
    title: 'Labels of Traefik have an effect',
    severity: 'warning',
    fix: 'Write traefik.enable=true beside them, and a router that leads to the service.',
    source: 'Co-op Cloud runs Traefik with exposedByDefault=false',
    check: idleTraefikLabels,
  },
  {
    id: 'CC19',
    title: 'Nothing of the compose files is dropped',
    severity: 'warning',
    fix: 'Remove what has no effect; give every port, secret and config of several files a published number or a source of its own.',
    source: 'docker stack deploy drops it without an error',
    check: (context) => factsOf(context, 'dropped', 'compose files'),
  },
  {
    id: 'CC20',
    title: 'Every variable of a template has a value',
    severity: 'warning',
    fix: 'Add the variable to environment: of the service that has the template, or take it out of the template.',
    source: "the engine fills templates of configs in from the service's environment:, not from what its image sets",
    check: templateVariables,
  },
  {
    id: 'CC21',
    title: 'depends_on names services of the stack',
    severity: 'warning',
    fix: 'Choose the overlay that has the service, or remove the line: a Swarm stack starts everything at once.',
    source: 'docker compose refuses such a file; docker stack deploy does not look',
    check: dependencies,
  },
  {
    id: 'CC25',
    title: 'The files beside the compose files are read as they are meant',
    severity: 'warning',
    fix: 'Save the file as UTF-8 text of less than 1 MiB.',
    source: "the operators' client passes over what it cannot read there",
    check: ({ tree }) => {
      if (tree.findings.length === 0) return [{ subject: '.env.sample, abra.sh, README.md' }]
      return tree.findings.map(({ message, where = '' }) =>
        fact(where.split(':')[0] ?? where, false, message, whereOf(where)),
      )
    },
  },
]

/** What was found while the files were resolved. */
function factsOf({ stack }: LintContext, wanted: string, subject: string): LintFact[] {
  const found = stack.findings.filter(({ code }) => code === wanted)
  if (found.length === 0) return [{ subject: 'compose files' }]
  return found.map(({ message, where }) => ({
    subject,
    problem: message,
    where: whereOf(where),
  }))
}

function policy({ stack, env, allow, most = {} }: LintContext): LintFact[] {
  const name = stackName(env.get('DOMAIN') ?? '', env)
  const problems = policyProblems(stack, name, { allow, most, domain: env.get('DOMAIN') })
  if (problems.length === 0) return [{ subject: 'stack' }]
  return problems.map(({ code, path, message }) => fact(code, false, message, stack.place(path)))
}

function secretVersions({ tree, stack }: LintContext): LintFact[] | string {
  const facts = usedSecrets(stack).map(({ key }) => {
    const variables = secretVariables(stack, key)
    const known = variables.some(
      (name) => tree.env.values.has(name) || tree.env.optional.some((entry) => entry.key === name),
    )
    return fact(
      `secret ${key}`,
      known,
      `.env.sample does not have ${variables.join(' or ')}`,
      stack.place(['secrets', key]),
    )
  })
  return facts.length > 0 ? facts : 'no service uses a secret'
}

function modifiers({ tree, stack }: LintContext): LintFact[] | string {
  const facts = usedSecrets(stack).flatMap(({ key }) => {
    const entry = secretEntry(tree, stack, key)
    return [...(entry?.modifiers ?? [])].map(([name, value]) => {
      const problem = modifierProblem(name, value)
      return fact(`secret ${key}`, problem === null, problem ?? '', entry?.place)
    })
  })
  return facts.length > 0 ? facts : 'no secret has a modifier'
}

function modifierProblem(name: string, value: string): string | null {
  if (!MODIFIERS.some((known) => known === name))
    return `has the unknown modifier "${name}".${didYouMean(name, MODIFIERS)}`
  if (name === 'charset' && !isCharset(value)) return `has the unknown charset "${value}"`
  return name === 'length' && Number(value) < 1 ? `has length=${value}, so that a passphrase is made` : null
}

function whereOf(text: string | undefined): LintFact['where'] {
  return text === undefined ? undefined : parseLocation(text)
}
