export { defineProject, type ProjectInput } from './config/define.ts'
