/**
 * Runs in a page; text, so that no build step can change it. Takes three PNGs in base64 (before, after, again or null) and compares
 * them pixel by pixel. What changes by itself is left out in blocks of 16 pixels, and two more to each side: of a clock, the seconds give
 * the minutes away. A channel may differ by 16 of 255: gradients are not drawn alike to the last bit.
 */
export const COMPARE = `async ([before, after, again]) => {
  const BLOCK = 16, WIDER = 2, TOLERANCE = 16
  const decoded = async (base64) => {
    const image = new Image()
    image.src = 'data:image/png;base64,' + base64
    await image.decode()
    return image
  }
  const images = await Promise.all([before, after, ...(again ? [again] : [])].map(decoded))
  const width = Math.max(...images.map((image) => image.width))
  const height = Math.max(...images.map((image) => image.height))
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  const read = (image) => {
    pen.clearRect(0, 0, width, height)
    pen.drawImage(image, 0, 0)
    return pen.getImageData(0, 0, width, height).data
  }
  const pixels = images.map(read)
  const isIn = (image, x, y) => x < image.width && y < image.height
  const differs = (one, other, at, x, y) => {
    const [a, b] = [pixels[one], pixels[other]]
    for (let channel = 0; channel < 4; channel++)
      if (Math.abs(a[at + channel] - b[at + channel]) > TOLERANCE) return true
    return isIn(images[one], x, y) !== isIn(images[other], x, y)
  }
  const columns = Math.ceil(width / BLOCK)
  const blockOf = (x, y) => Math.floor(y / BLOCK) * columns + Math.floor(x / BLOCK)
  const volatileBlocks = new Set()
  if (again)
    for (let y = 0, at = 0; y < height; y++)
      for (let x = 0; x < width; x++, at += 4) if (differs(1, 2, at, x, y)) volatileBlocks.add(blockOf(x, y))
  for (const block of [...volatileBlocks])
    for (let step = -WIDER; step <= WIDER; step++)
      if (Math.floor((block + step) / columns) === Math.floor(block / columns)) volatileBlocks.add(block + step)
  const isVolatile = new Uint8Array(columns * Math.ceil(height / BLOCK))
  for (const block of volatileBlocks) isVolatile[block] = 1
  const changedBlocks = new Uint8Array(isVolatile.length)
  const changedPixels = new Uint8Array(width * height)
  const counts = { changed: 0, compared: 0, volatile: 0 }
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 4) {
      if (!isIn(images[0], x, y) && !isIn(images[1], x, y)) continue
      const block = blockOf(x, y)
      if (isVolatile[block]) {
        counts.volatile++
        continue
      }
      counts.compared++
      if (!differs(0, 1, at, x, y)) continue
      counts.changed++
      changedPixels[at / 4] = 1
      changedBlocks[block] = 1
    }
  if (counts.changed === 0) return { ...counts, picture: null }
  const drawn = pen.createImageData(width, height)
  const shown = pixels[1]
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 4) {
      const block = blockOf(x, y)
      const grey = 0.3 * shown[at] + 0.59 * shown[at + 1] + 0.11 * shown[at + 2]
      const faded = shown[at + 3] === 0 ? 255 : 255 - (255 - grey) * 0.3
      const colour = changedPixels[at / 4]
        ? [200, 0, 40]
        : changedBlocks[block]
          ? [faded, faded * 0.84, faded * 0.86]
          : isVolatile[block]
            ? [faded * 0.8, faded * 0.87, faded]
            : [faded, faded, faded]
      drawn.data.set([...colour, 255], at)
    }
  pen.putImageData(drawn, 0, 0)
  return { ...counts, picture: canvas.toDataURL('image/png').replace(/^.*,/, '') }
}`
