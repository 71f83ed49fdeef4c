export const events = () => 'events'
