import { paths } from '../../api/paths.ts'

export type Asked = { base: string; model: string; key: Readonly<Record<string, string>> }

export const LANGUAGES = ['curl', 'Python', 'TypeScript'] as const
export type Snippet = (typeof LANGUAGES)[number]

/** The same question from a program, to copy. A token is needed only where the server asks for one. */
export function snippet(language: Snippet, { base, model, key }: Asked): string {
  const url = `${base.replace(/\/$/, '')}/${paths.predict(model)}`
  const body = JSON.stringify(key)
  switch (language) {
    case 'curl':
      return [
        `curl -s ${shell(url)} \\`,
        `  -H 'content-type: application/json' \\`,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
        '  ${WEIR_TOKEN:+-H "authorization: Bearer $WEIR_TOKEN"} \\',
        `  -d ${shell(body)}`,
      ].join('\n')
    case 'Python':
      return [
        'import json, os, urllib.request',
        '',
        'headers = {"content-type": "application/json"}',
        'if token := os.environ.get("WEIR_TOKEN"):',
        '    headers["authorization"] = f"Bearer {token}"',
        `body = json.dumps(${body}).encode()`,
        `request = urllib.request.Request(${JSON.stringify(url)}, body, headers)`,
        'with urllib.request.urlopen(request) as response:',
        '    print(json.load(response))',
      ].join('\n')
    case 'TypeScript':
      return [
        'const token = process.env.WEIR_TOKEN',
        `const response = await fetch(${JSON.stringify(url)}, {`,
        "  method: 'POST',",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of the program
        "  headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },",
        `  body: JSON.stringify(${body}),`,
        '})',
        'if (!response.ok) throw new Error(await response.text())',
        'console.log(await response.json())',
      ].join('\n')
  }
}

function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
