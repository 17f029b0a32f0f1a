// Signing in: with a password, and the way to a provider of OpenID Connect.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessible } from './axe.js';
import { program, serve } from './browser.js';

const password = 'correct horse battery staple';

/** A server that knows one person, and a provider that says where it is and notes who is sent to it. */
export async function guarded() {
  const dir = mkdtempSync(join(tmpdir(), 'crosswalk-signin-'));
  const asked = [];
  const provider = createServer((request, response) => {
    const at = `http://127.0.0.1:${provider.address().port}`;
    if (request.url === '/.well-known/openid-configuration') {
      response.setHeader('Content-Type', 'application/json');
      const endpoints = { issuer: at, authorization_endpoint: at + '/authorize', token_endpoint: at + '/token', jwks_uri: at + '/keys' };
      response.end(JSON.stringify({ ...endpoints, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] }));
      return;
    }
    asked.push(new URL(request.url, at));
    response.end('the provider');
  });
  await new Promise((listening) => provider.listen(0, '127.0.0.1', listening));
  const issuer = `http://127.0.0.1:${provider.address().port}`;
  const hash = execFileSync(program, ['auth', 'password'], { input: password + '\n', encoding: 'utf8' }).match(/\$argon2id\S*[^"'\s]/)[0];
  const oidc = `{issuer: "${issuer}", clientId: crosswalk, url: "http://127.0.0.1:1", title: Example ID, claim: email, roles: {ann@example.com: viewer}}`;
  writeFileSync(join(dir, 'crosswalk.yaml'), `connections: {}\nserver:\n  outbound: {loopback: true}\n  auth:\n    users: [{name: ann, role: viewer, password: "${hash}"}]\n    oidc: ${oidc}\n`);
  const server = await serve(dir);
  return {
    url: server.url,
    asked,
    async stop() {
      await server.stop();
      provider.closeAllConnections();
      await new Promise((closed) => provider.close(closed));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export async function signsIn(page) {
  const at = await guarded();
  try {
    await page.goto(at.url + '/connections?signin=role');
    const dialog = page.getByRole('dialog', { name: 'Sign in to Crosswalk' });
    await dialog.getByText('nobody has given you a role here').waitFor();
    await accessible(page, 'signing in');
    await dialog.getByRole('link', { name: 'Sign in with Example ID' }).click();
    await page.getByText('the provider').waitFor();
    const sent = at.asked.find((address) => address.pathname === '/authorize');
    assert.equal(sent.searchParams.get('response_type'), 'code');
    assert.ok(sent.searchParams.get('code_challenge'));

    await page.goto(at.url + '/connections');
    await dialog.getByLabel('Name').fill('ann');
    await dialog.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'No connections yet' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('sign out');
    await page.getByRole('option', { name: 'Sign out', exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await dialog.waitFor();
  } finally {
    await at.stop();
  }
}
