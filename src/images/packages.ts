/** The RUN line that installs Debian packages and leaves no lists behind. A failed install fails the build. */
export function installPackages(names: readonly string[]): string {
  const install = `apt-get install -y -qq --no-install-recommends ${names.join(' ')}`
  return `RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive ${install} && rm -rf /var/lib/apt/lists/* /var/cache/apt/*`
}
