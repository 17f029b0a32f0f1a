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
export type Flow = Schemas['Flow'];
export type Counts = Schemas['Counts'];
export type Account = Schemas['Account'];
export type Entry = Schemas['Entry'];
export type Documents = Schemas['Documents'];
export type Replay = Schemas['Replay'];
export type Unsettled = Schemas['Unsettled'];
export type DryRun = Schemas['DryRun'];
export type Estimate = Schemas['Estimate'];
export type Table = Schemas['Table'];
export interface FlowTables { path?: string; tag?: string; tables: Table[] }
export type Session = Schemas['Session'];
export type System = Schemas['System'];
export type Credential = System['credentials'][number];
export type ListedConnection = Schemas['Connections']['connections'][number];
export type ConnectionState = Schemas['ConnectionState'];
export type Questions = Schemas['Questions'];
export type QuestionedTable = Questions['tables'][number];
export type QuestionedSetting = Questions['settings'][number];
export type FlowPlan = Schemas['FlowPlan'];
export type Rehearsal = Schemas['Rehearsal'];
export type WrittenFlow = Schemas['WrittenFlow'];
export type Requests = Schemas['Requests'];
export type LogLine = Schemas['LogLine'];
export type Latest = paths['/connections/{connection}/latest']['post']['responses']['200']['content']['application/json'];

/** What to say of an error, in words. */
export function words(error: Problem | undefined): string {
  return error?.title ?? 'The server does not answer.';
}
