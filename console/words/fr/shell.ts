import type { shell as English } from '../en/shell.ts'

export const shell: typeof English = {
  toContent: 'Aller au contenu',
  menu: 'Menu',
  find: 'Chercher ou aller à…',
  findWhat: 'Pages, modèles, sources, vues, flux',
  nothingFound: 'Rien trouvé',
  goTo: 'Aller à',
  theme: 'Thème',
  themes: { system: 'Système', light: 'Clair', dark: 'Sombre' },
  language: 'Langue',
  live: { connecting: 'Connexion', live: 'En direct', lost: 'Connexion perdue ; nouvel essai', off: 'Non connecté' },
  api: 'Référence de l’API',
  signOut: 'Se déconnecter',
  signInAgain: 'Votre session est terminée. Ce qui est affiché peut être ancien.',
  signIn: 'Se connecter',
  noPage: 'Cette page n’existe pas',
  noPageWhat: 'Le lien est faux, ou la chose a disparu. La vue d’ensemble montre ce qu’il y a.',
  toOverview: 'Vers la vue d’ensemble',
  broken: 'Cette page est en panne',
  brokenWhat: 'Une faute de la console. La recharger peut aider ; le texte ci-dessous aide à la réparer.',
  sections: { work: 'Travailler', serve: 'Servir', run: 'Exploiter' },
}
