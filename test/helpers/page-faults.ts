import type { ConsoleMessage, Page, Request } from 'playwright-core'

/**
 * Says everything that a page must not do: an error or a warning on its console, an error that nobody caught, something
 * that the content security policy refused, a request to anywhere but its own server.
 */
export async function watchPage(page: Page, origin: string, say: (fault: string) => void): Promise<void> {
  const where = () => new URL(page.url(), origin).hash || page.url()
  page.on('pageerror', (error) => say(`uncaught on ${where()}: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') say(`console on ${where()}: ${worded(message)}`)
  })
  page.on('request', (request) => {
    if (!isOwn(request, origin)) say(`request from ${where()} to ${request.url()}`)
  })
  page.on('dialog', (dialog) => {
    say(`dialog on ${where()}: ${dialog.message()}`)
    void dialog.dismiss()
  })
  // Chromium tells of a refusal on the console too, but not of each kind of it.
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    console.error('CSP ' + event.violatedDirective + ' refused ' + event.blockedURI))`)
}

function worded(message: ConsoleMessage): string {
  const { url, lineNumber } = message.location()
  return `${message.text()} (${url}:${lineNumber})`
}

/** What a page makes itself (blob:, data:) goes nowhere. */
function isOwn(request: Request, origin: string): boolean {
  const { protocol, origin: of } = new URL(request.url())
  return protocol === 'blob:' || protocol === 'data:' || of === new URL(origin).origin
}
