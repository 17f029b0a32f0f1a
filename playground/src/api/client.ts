import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

// Every answer is an envelope: the documents in it are text, and nothing here reads a number of one.
export const api = createClient<paths>({ baseUrl: '/api/v1' });

type Schemas = components['schemas'];
export type Job = Schemas['Job'];
export type Preview = Schemas['Preview'];
export type Lines = Schemas['PreviewLines'];
export type Diagnostic = Schemas['Diagnostic'];
export type Explanation = Schemas['Explanation'];
export type ExplainedField = Schemas['ExplainedField'];
export type AbsentField = Schemas['AbsentField'];
export type Cause = Schemas['Cause'];
export type Fired = Schemas['Fired'];
export type Read = Schemas['Read'];
export type Problem = Schemas['Problem'];
export type Position = Schemas['Position'];
export type TestReport = Schemas['TestReport'];
export type ListedMapping = Schemas['ListedMapping'];
export type Session = Schemas['Session'];

/** What to say of an error, in words. */
export function words(error: Problem | undefined): string {
  return error?.title ?? 'The server does not answer.';
}
