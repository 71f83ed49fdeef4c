import { expect } from 'vitest'
import type { Person } from '../helpers/browser.ts'
import { goTo } from './pages.ts'

/** Somebody who comes without a session is led to sign in, and then is where they wanted to be. */
export async function signInAt({ page }: Person, path: string, token: string): Promise<void> {
  await page.goto(`/#${path}`)
  await page.getByLabel('Token', { exact: true }).fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.hash === `#${path}`)
}

/** The first token, made by the page: it closes the server, and the page signs in with it. */
export async function firstToken({ page }: Person, name: string): Promise<string> {
  await goTo(page, '/settings/tokens')
  await page.getByRole('button', { name: 'New token' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('button', { name: 'Make the token' }).click()
  await dialog.getByText('It is shown this once').waitFor()
  const token = await dialog.locator('.settings-once pre').innerText()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.getByText(`You: ${name}`).waitFor()
  return token.trim()
}

/** What a script of theirs sends. */
export async function post(url: string, token: string, body: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const said = await answer.text()
  expect(answer.ok, `${url}: ${answer.status} ${said}`).toBe(true)
  return JSON.parse(said) as Record<string, unknown>
}

/** Two clients that ask for a prediction, one after the other, until `stop`; what each was told, and what failed. */
export function askAlways(origin: string, token: string, key: string) {
  const failed: string[] = []
  const each = [{ versions: [] as string[] }, { versions: [] as string[] }]
  let stopped = false
  const asking = each.map(async ({ versions }) => {
    while (!stopped) {
      const told = await post(`${origin}/predict`, token, { user_id: key }).catch((error: Error) => error)
      if (told instanceof Error) failed.push(told.message)
      else versions.push((told as { model: { version: string } }).model.version)
      // As fast as a page of a shop asks, not as fast as the machine can.
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })
  return {
    failed,
    each,
    async stop() {
      stopped = true
      await Promise.all(asking)
    },
  }
}
