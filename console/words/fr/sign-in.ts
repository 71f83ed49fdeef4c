import type { signIn as English } from '../en/sign-in.ts'

export const signIn: typeof English = {
  title: 'Se connecter',
  token: 'Jeton',
  what: 'Ce serveur demande qui vous êtes. Un administrateur vous donne un jeton ; aucune page ne le garde, et la session se termine d’elle-même après une semaine.',
  how: 'Qui gère le serveur en crée un sur place :',
  go: 'Se connecter',
  signedIn: (name) => `Vous êtes connecté en tant que ${name}.`,
  notNeeded: 'Ce serveur ne demande de jeton à personne.',
  onward: 'Continuer',
}
