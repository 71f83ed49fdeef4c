import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import type { Missing } from './needs.ts'
import { inPath } from './programs.ts'

/** WEIR_CHROMIUM, else the first of these that a shell would find. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const PROGRAM = process.env.WEIR_CHROMIUM || NAMES.map(inPath).find(Boolean) || ''

export function missingBrowser(): Missing {
  if (existsSync(PROGRAM)) return undefined
  return { what: `there is no ${PROGRAM || `${NAMES.join(', ')} in PATH, and WEIR_CHROMIUM names none`}` }
}

/** How somebody looks at a page. `wide` is a laptop, `narrow` a telephone. */
export type Looks = { theme?: 'light' | 'dark'; size?: 'wide' | 'narrow'; language?: 'en' | 'fr' }

export const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 400, height: 800 } }

/** As root Chromium has no sandbox to offer; its shared memory is small in containers. */
export function openChromium(): Promise<Browser> {
  const args = ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
  return chromium.launch({ executablePath: PROGRAM, args })
}

/** Nothing moves while it is looked at: who asks for reduced motion gets none. */
export async function openContext(browser: Browser, origin: string, looks: Looks): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: origin,
    viewport: SIZES[looks.size ?? 'wide'],
    colorScheme: looks.theme ?? 'light',
    locale: looks.language === 'fr' ? 'fr-FR' : 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  context.setDefaultTimeout(30_000)
  return context
}
