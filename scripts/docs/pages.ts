import { commandsPage } from './commands-page.ts'
import { errorsPage } from './errors-page.ts'
import { projectFilePage } from './project-file-page.ts'
import { routesPage } from './routes-page.ts'
import { settingsPage } from './settings-page.ts'

/** The pages of docs/reference that are made, by file name. */
export async function referencePages(): Promise<Record<string, string>> {
  return {
    'project-file.md': projectFilePage(),
    'settings.md': settingsPage(),
    'commands.md': await commandsPage(),
    'routes.md': await routesPage(),
    'errors.md': errorsPage(),
  }
}
