import { PlatformError } from '../../base/errors.ts'
import { withinMs } from '../../base/within.ts'
import type { Door, SentMessage } from './message.ts'
import { textOf } from './message.ts'

/** Addresses by the names that a project may use: they come from a setting and from nowhere else. */
export type WebhookAddresses = ReadonlyMap<string, string>

const ANSWER_MS = 10_000

/**
 * POSTs a message as JSON; `text` is what chat rooms show. The address is one of the setting, no answer leads to a further
 * one, and what is answered is not read.
 */
export function webhookDoor(addresses: WebhookAddresses, link: string | null): Door {
  return async (channel, message) => {
    if (channel.kind !== 'webhook') return
    const address = addresses.get(channel.address)
    if (address === undefined) {
      const text = `channel '${channel.name}': WEIR_ALERT_WEBHOOKS names no address '${channel.address}'; set it, like ${channel.address}=https://…`
      throw new PlatformError('config_invalid', text)
    }
    await withinMs(`the webhook ${channel.address}`, ANSWER_MS, (signal) =>
      post(channel.address, address, message, link, signal),
    )
  }
}

async function post(
  name: string,
  address: string,
  message: SentMessage,
  link: string | null,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({ text: textOf(message, link), link, ...message })
  const headers = { 'content-type': 'application/json', 'idempotency-key': `weir-alert-${message.id}` }
  const answer = await fetch(address, { method: 'POST', headers, body, redirect: 'error', signal })
  await answer.body?.cancel()
  // The address may hold a secret of a chat room: it is never told.
  if (!answer.ok) throw new PlatformError('unavailable', `the webhook ${name} answered ${answer.status}`)
}
