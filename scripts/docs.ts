// Writes the pages of docs/reference that are made from the code: settings, commands, routes, errors, the project file.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { referencePages } from './docs/pages.ts'

for (const [name, text] of Object.entries(await referencePages())) {
  const file = fileURLToPath(new URL(`../docs/reference/${name}`, import.meta.url))
  writeFileSync(file, text)
  console.log(`wrote docs/reference/${name}`)
}
