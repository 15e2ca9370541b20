import { variablesOf } from '../../recipe/compose/interpolate.ts'
import type { ResolvedStack } from '../../recipe/model.ts'
import { usedSecrets } from '../../recipe/secrets/secrets.ts'
import type { Contract } from '../../verdict/events.ts'
import {
  mountedVolumes,
  portSubject,
  publishedPorts,
  releaseSurface,
  routeSubject,
  servedPlaces,
} from '../judging/regression.ts'
import type { RunPlan } from '../plan.ts'

/** What head asks of its operator, by the files of its repository. */
export function contractOf({ pristine, headTree }: Pick<RunPlan, 'pristine' | 'headTree'>): Contract {
  const { stack, app } = pristine
  const { entries, values } = headTree.env
  const empty = entries.map(({ key }) => key).filter((key) => values.get(key) === '')
  return {
    variables: sorted(entries.map(({ key }) => key)),
    mustBeSet: sorted([...empty, ...demanded(stack)]),
    secrets: sorted(usedSecrets(stack).map(({ key }) => key)),
    services: sorted(Object.keys(stack.model.services)),
    volumes: sorted(mountedVolumes(stack)),
    ports: sorted(publishedPorts(stack).map((port) => withoutKind(portSubject(port)))),
    routes: sorted(servedPlaces(releaseSurface(pristine)).map((place) => withoutKind(routeSubject(place, app.domain)))),
  }
}

/** `${NAME:?}` and `${NAME?}` anywhere in the compose files. */
function demanded({ sources = [] }: ResolvedStack): string[] {
  const texts = sources.map(({ data }) => JSON.stringify(data))
  return texts.flatMap((text) =>
    variablesOf(text).flatMap(({ name, operator }) => (operator.endsWith('?') ? [name] : [])),
  )
}

function withoutKind(subject: string): string {
  return subject.slice(subject.indexOf(':') + 1)
}

function sorted(names: Iterable<string>): string[] {
  return [...new Set(names)].sort()
}
