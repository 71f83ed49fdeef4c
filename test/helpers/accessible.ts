import axe, { type AxeResults, type Result } from 'axe-core'
import type { Page } from 'playwright-core'

/**
 * Nothing on the page that axe objects to, by all of its rules that are on by default, in the light and in the dark theme.
 * What is about to be seen must be there: wait for it first.
 */
export async function expectAccessible(page: Page): Promise<void> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    found.push(...(await violations(page)).flatMap((rule) => worded(rule, colorScheme)))
  }
  await page.emulateMedia({ colorScheme: 'light' })
  if (found.length > 0) throw new Error(`not accessible, ${page.url()}:\n  ${[...new Set(found)].join('\n  ')}`)
}

export async function violations(page: Page): Promise<Result[]> {
  if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(axe.source)
  const results = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"], selectors: true })',
  )) as AxeResults
  return results.violations
}

function worded({ id, help, nodes }: Result, theme: string): string[] {
  return nodes.map((node) => `${theme} ${id}: ${help}: ${node.target.join(' ')} ${node.html.slice(0, 160)}`)
}
