// The real program and a real browser for tests and screenshots. Everything is on this machine and ends with the caller.
import { spawn, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const repository = new URL('../..', import.meta.url).pathname;
export const program = process.env.CROSSWALK ?? join(repository, 'bin/crosswalk');

/** A copy of the demo's project in a folder of its own. */
export function project() {
  const dir = mkdtempSync(join(tmpdir(), 'crosswalk-page-'));
  cpSync(join(repository, 'cmd/crosswalk/demo'), dir, { recursive: true });
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Starts `crosswalk serve` on a free port. env leads the project's connections to sandboxes; without it they lead nowhere. */
export const serve = (dir, { args = [], env = {} } = {}) =>
  start(['serve', '--json', '--listen', '127.0.0.1:0', ...args], { cwd: dir, env: { WEBSHOP_URL: 'http://127.0.0.1:1', BOOKS_URL: 'http://127.0.0.1:1', ...env } });

/** Starts `crosswalk demo`: the page, the flow and both sandboxes in one. */
export const demo = () => start(['demo', '--json'], {});

/** Starts the program and waits until it says where its page is. */
async function start(args, { cwd, env }) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (text) => (log += text));
  const url = await new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
      const found = /^\{"url":"([^"]+)"\}$/m.exec(out);
      if (found) resolve(found[1]);
    });
    child.on('exit', (code) => reject(new Error(`crosswalk ${args[0]} ended with ${code}: ${log}`)));
  });
  return { url, log: () => log, stop: () => ended(child) };
}

function ended(child) {
  return new Promise((resolve) => {
    child.removeAllListeners('exit');
    child.on('exit', resolve);
    child.kill('SIGTERM');
  });
}

/** Starts sandboxes of the shop and the books, and returns the variables that lead to them. */
export async function shopAndBooks() {
  const { running, stop } = await sandboxes('shopware', 'eaccounting');
  const env = {};
  for (const { system, url, credentials } of running) {
    const name = system === 'shopware' ? 'WEBSHOP' : 'BOOKS';
    env[name + '_URL'] = url;
    for (const [key, value] of Object.entries(credentials)) env[`${name}_${key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`] = value;
  }
  return { env, stop };
}

/** Starts sandboxes of these systems and returns where they are, in their order. */
export async function sandboxes(...systems) {
  const child = spawn(program, ['sandbox', '--json', ...systems], { stdio: ['ignore', 'pipe', 'inherit'] });
  const running = await new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (text) => {
      const lines = (out += text).trim().split('\n');
      if (out.endsWith('\n') && lines.length === systems.length) resolve(lines.map((l) => JSON.parse(l)));
    });
    child.on('exit', (code) => reject(new Error(`crosswalk sandbox ended with ${code}`)));
  });
  child.removeAllListeners('exit');
  return { running, stop: () => new Promise((resolve) => (child.on('exit', resolve), child.kill('SIGTERM'))) };
}

/** Debian's Chromium, or the one that CHROMIUM names. */
export function findChromium() {
  const named = process.env.CHROMIUM;
  if (named) return named;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // the next one
    }
  }
  return existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined;
}

export async function launch() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no Chromium: apt-get install chromium, or name one in CHROMIUM');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}
