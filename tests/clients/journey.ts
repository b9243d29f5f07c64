// openapi-fetch with the types that openapi-typescript makes of the document: the same journey, and what must not compile.
import createClient from 'openapi-fetch';
import type { paths } from './schema';

declare const process: { argv: string[]; exitCode?: number };
const [, , url = '', email = '', password = '', slug = ''] = process.argv;

function good<T>(answer: { data?: T; error?: unknown; response: { status: number } }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

async function journey(): Promise<void> {
  const client = createClient<paths, 'application/json'>({ baseUrl: url });
  const signedIn = good(await client.POST('/api/v1/auth/login/', { body: { email, password } }));
  if (!('access' in signedIn)) {
    throw new Error('a code is wanted');
  }
  client.use({
    onRequest({ request }) {
      request.headers.set('Authorization', `Bearer ${signedIn.access}`);
      return request;
    },
  });
  const page = good(await client.GET('/api/v1/products/', { params: { query: { ordering: 'price', page_size: 5 } } }));
  const price: string = page.results[0]!.price;
  const product = good(await client.GET('/api/v1/products/{slug}/', { params: { path: { slug } } }));
  const found = good(await client.GET('/api/v1/products/', { params: { query: { search: product.name } } }));
  if (!found.results.some((one) => one.id === product.id)) {
    throw new Error(`not found: ${price}`);
  }
  const cart = good(await client.POST('/api/v1/cart/items/', { body: { product_id: product.id, quantity: 2 } }));
  const order = good(
    await client.POST('/api/v1/orders/', {
      body: { shipping_address: { address_line1: '1 High St', city: 'York', postal_code: 'YO1 7AA', country: 'UK' } },
    }),
  );
  if (order.items[0]!.quantity !== cart.items[0]!.quantity) {
    throw new Error('another quantity');
  }
  const paid = good(
    await client.POST('/api/v1/payments/confirm/', { body: { order_id: order.id, payment_method: 'pm_card_visa' } }),
  );
  const again = good(await client.GET('/api/v1/orders/{id}/', { params: { path: { id: order.id } } }));
  if (paid.order_status !== 'confirmed' || again.status !== 'confirmed') {
    throw new Error(`not confirmed: ${again.status}`);
  }
  const rows = good(await client.GET('/rest/v1/orders', { params: { query: { id: `eq.${order.id}` } } }));
  if (rows.length !== 1) {
    throw new Error('not in PostgREST');
  }

  // @ts-expect-error there is no such address
  await client.GET('/api/v1/nothing/').catch(() => null);
  // @ts-expect-error a quantity is a number
  const wrong: Parameters<typeof client.POST<'/api/v1/cart/items/'>>[1] = { body: { product_id: '', quantity: true } };
  // @ts-expect-error an order has no such field
  console.log(again.nothing === undefined && wrong ? 'done' : 'wrong');
}

journey().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
