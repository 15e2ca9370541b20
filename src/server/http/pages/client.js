// What pages do beyond their markup. Each part looks for what it works on and leaves a page without it alone; without this file every page is complete.

/** After this long a connection is tried again that the browser gave up: it does so where a proxy answers in the place of a server that restarts. */
const AGAIN_MS = 2_000

/** Parts of the page of a run are replaced as the server draws them; what a reader has opened or closed stays so. */
function follow(root) {
  const sign = document.createElement('p')
  sign.className = 'dim'
  sign.setAttribute('role', 'status')
  root.prepend(sign)
  const address = new URL(root.dataset.live, location.href)
  connect()

  function connect() {
    const source = new EventSource(address)
    source.addEventListener('open', () => {
      sign.textContent = 'Live: this page follows the run.'
    })
    source.addEventListener('error', () => {
      sign.textContent = 'Not connected now; trying again.'
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS)
    })
    source.addEventListener('part', ({ data, lastEventId }) => {
      const { id, html } = JSON.parse(data)
      const element = document.getElementById(id)
      if (element) replace(element, html)
      address.searchParams.set('after', lastEventId)
    })
    source.addEventListener('end', () => {
      source.close()
      location.reload()
    })
  }
}

function replace(element, html) {
  const open = new Map([...element.querySelectorAll('details[id]')].map((one) => [one.id, one.open]))
  element.innerHTML = html
  for (const one of element.querySelectorAll('details[id]')) {
    if (open.has(one.id)) one.open = open.get(one.id)
  }
}

/** Before and after of an upgrade as one picture with a slider; side by side they stay below. */
function slider(row) {
  const [before, after] = row.querySelectorAll('figure img')
  if (!before || !after) return
  const box = document.createElement('div')
  box.className = 'compare'
  const below = before.cloneNode()
  const above = after.cloneNode()
  below.className = 'side'
  above.className = 'side over'
  box.append(below, above)
  const range = document.createElement('input')
  range.type = 'range'
  range.value = '50'
  range.setAttribute('aria-label', 'How much is shown of the picture before the upgrade, in percent')
  const show = () => {
    above.style.clipPath = `inset(0 0 0 ${range.value}%)`
  }
  range.addEventListener('input', show)
  show()
  row.before(box, range)
}

/** A link to a part that is folded away opens it. */
function openTarget() {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null
  for (let one = target; one; one = one.parentElement) if (one.tagName === 'DETAILS') one.open = true
  target?.scrollIntoView()
}

/** Shows what matches as one types; the form itself asks the server, for who has no script. */
function filter(input) {
  const rows = [...document.querySelectorAll(input.dataset.filter)]
  const count = document.querySelector('[data-filter-count]')
  const apply = () => {
    const wanted = input.value.trim().toLowerCase()
    let shown = 0
    for (const row of rows) {
      const fits = (row.dataset.text ?? row.textContent).toLowerCase().includes(wanted)
      row.hidden = !fits
      if (fits) shown++
    }
    if (count) count.textContent = `${shown} of ${rows.length}`
    const address = new URL(location.href)
    if (wanted === '') address.searchParams.delete(input.name)
    else address.searchParams.set(input.name, wanted)
    history.replaceState(null, '', address)
  }
  input.addEventListener('input', apply)
  addEventListener('keydown', (event) => {
    if (event.key !== input.dataset.key || event.target.closest('input, select, textarea, [contenteditable]')) return
    event.preventDefault()
    input.focus()
  })
  if (input.value !== '') apply()
}

for (const root of document.querySelectorAll('[data-live]')) follow(root)
for (const row of document.querySelectorAll('.shots.row')) slider(row)
for (const input of document.querySelectorAll('input[data-filter]')) filter(input)
addEventListener('hashchange', openTarget)
openTarget()
