import { ForgeError } from '../../contract/errors.ts'
import { repositoryName } from '../../contract/request.ts'

/** `ORG/REPO` to the parts of its address in the API. Throws ForgeError `forge-missing` for what can be no repository. */
export function repositoryParts(name: string): readonly [string, string, string] {
  const [owner, repository] = repositoryName.safeParse(name).data?.split('/') ?? []
  if (!owner || !repository)
    throw new ForgeError('forge-missing', `${JSON.stringify(name.slice(0, 100))} is no ORG/REPO`)
  return ['repos', owner, repository]
}

export function organisationParts(name: string): readonly [string, string] {
  if (!/^[A-Za-z0-9][\w.-]{0,99}$/.test(name))
    throw new ForgeError('forge-missing', `${JSON.stringify(name.slice(0, 100))} is no organisation`)
  return ['orgs', name]
}
