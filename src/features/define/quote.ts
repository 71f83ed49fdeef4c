export { ident, literal } from '../../lake/quote.ts'
