/**
 * `node build/installers/makeIcons.ts`: draws renderer/public/icon.svg in every size that systems ask for, with Debian's
 * Chromium. Run when the drawing changes; what it writes is kept with the sources.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { chromium } from 'playwright-core'

const ICONS = path.join(import.meta.dirname, 'icons')
const DRAWING = path.join(import.meta.dirname, '..', '..', 'renderer', 'public', 'icon.svg')

/** As in freedesktop.org's hicolor theme. */
const PNG_PIXELS = [16, 24, 32, 48, 64, 128, 256, 512]
/** What Explorer shows from list to tile; from Vista on an icon's pictures may be PNG. */
const ICO_PIXELS = [16, 24, 32, 48, 64, 256]

const pictures = await draw(PNG_PIXELS)
for (const [pixels, png] of pictures) {
  writeFileSync(path.join(ICONS, `${pixels}x${pixels}.png`), png)
}
writeFileSync(
  path.join(ICONS, 'icon.ico'),
  packIco(new Map([...pictures].filter(([pixels]) => ICO_PIXELS.includes(pixels)))),
)

async function draw(sizes: readonly number[]): Promise<Map<number, Buffer>> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    chromiumSandbox: process.getuid?.() !== 0,
  })
  try {
    const page = await browser.newPage()
    const source = `data:image/svg+xml;base64,${readFileSync(DRAWING).toString('base64')}`
    const drawn = new Map<number, Buffer>()
    for (const pixels of sizes) {
      await page.setViewportSize({ width: pixels, height: pixels })
      await page.setContent(
        `<body style="margin:0"><img src="${source}" width="${pixels}" style="display:block">`,
      )
      drawn.set(pixels, await page.screenshot({ omitBackground: true }))
    }
    return drawn
  } finally {
    await browser.close()
  }
}

/** ICONDIR, one ICONDIRENTRY for each picture, the pictures. Little-endian. */
function packIco(pngs: ReadonlyMap<number, Buffer>): Buffer {
  const header = Buffer.alloc(6 + 16 * pngs.size)
  header.writeUInt16LE(1, 2) // An icon, not a cursor.
  header.writeUInt16LE(pngs.size, 4)
  let at = 6
  let offset = header.length
  for (const [pixels, png] of pngs) {
    header.writeUInt8(pixels % 256, at) // 0 says 256.
    header.writeUInt8(pixels % 256, at + 1)
    header.writeUInt16LE(1, at + 4) // Planes.
    header.writeUInt16LE(32, at + 6) // Bits for a pixel.
    header.writeUInt32LE(png.length, at + 8)
    header.writeUInt32LE(offset, at + 12)
    at += 16
    offset += png.length
  }
  return Buffer.concat([header, ...pngs.values()])
}
