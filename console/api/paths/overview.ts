export const overview = () => 'overview'
