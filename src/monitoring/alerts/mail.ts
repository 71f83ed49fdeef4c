import { PlatformError } from '../../base/errors.ts'
import type { Door } from './message.ts'
import { textOf, titleOf } from './message.ts'

/** Where mail goes out, and whom it is from. */
export type MailSettings = { url: string | null; from: string }

const WAIT_MS = 15_000

/** By SMTP, through the server of the settings. Loaded when there is something to send. */
export function mailDoor({ url, from }: MailSettings, link: string | null): Door {
  return async (channel, message) => {
    if (channel.kind !== 'mail') return
    if (url === null) {
      throw new PlatformError('config_invalid', `channel '${channel.name}': WEIR_SMTP_URL names no mail server`)
    }
    const { createTransport } = await import('nodemailer')
    const times = { connectionTimeout: WAIT_MS, greetingTimeout: WAIT_MS, socketTimeout: WAIT_MS }
    const transport = createTransport({ url, ...times, disableFileAccess: true, disableUrlAccess: true })
    try {
      await transport.sendMail({
        ...{ from, to: [...channel.to], subject: titleOf(message), text: textOf(message, link) },
        messageId: `<weir-alert-${message.id}@${from.split('@').at(-1) ?? 'weir'}>`,
      })
    } finally {
      transport.close()
    }
  }
}
