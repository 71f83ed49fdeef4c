import { PlatformError } from '../base/errors.ts'

/** A name by which callers reach this server from elsewhere; `origin` is that of its pages, where the setting says it. */
export type PublicHost = { name: string; origin: string | null }

/** `models.example.com`, `models.example.com:8443`, or `https://models.example.com` behind a proxy that ends TLS. */
export function parsePublicHost(text: string): PublicHost {
  const m = /^(?:(https?):\/\/)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?\/?$/i.exec(text.trim())
  const [, scheme, name = '', port = ''] = m ?? []
  const url = `${scheme ?? 'https'}://${name}${port}`
  if (!m || !URL.canParse(url)) {
    throw new PlatformError(
      'config_invalid',
      `--public-hosts (WEIR_PUBLIC_HOSTS): '${text.slice(0, 100)}' is not a name such as models.example.com or https://models.example.com:8443`,
    )
  }
  const bare = name.replace(/^\[|\]$/g, '').toLowerCase()
  return { name: bare, origin: scheme === undefined && port === '' ? null : new URL(url).origin }
}
