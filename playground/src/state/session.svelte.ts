import { api, type Session, words } from '../api/client';

const roles = ['viewer', 'editor', 'operator', 'admin'];

/** Who is here, for the pages beside the playground. */
class Who {
  session = $state.raw<Session>();
  failure = $state('');
  readonly signedOut = $derived(this.session !== undefined && this.session.user === undefined);

  async load() {
    const { data, error } = await api.GET('/session').catch(() => ({ data: undefined, error: undefined }));
    this.session = data;
    this.failure = data ? '' : words(error);
  }

  /** Whether the user's role allows what takes this one. */
  may(role: 'viewer' | 'editor' | 'operator' | 'admin'): boolean {
    const mine = this.session?.user?.role ?? '';
    return roles.indexOf(mine) >= roles.indexOf(role);
  }
}

export const who = new Who();

// A session may end while a page is open.
api.use({
  onResponse({ request, response }) {
    if (response.status === 401 && !who.signedOut && !request.url.endsWith('/api/v1/session')) void who.load();
  },
});
