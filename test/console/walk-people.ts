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
