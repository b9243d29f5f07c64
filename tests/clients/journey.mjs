// supabase-js and postgrest-js as they come from npm: sign up and in, browse, search, fill a cart, check out, pay, look at the orders.
import assert from 'node:assert/strict';
import { PostgrestClient } from '@supabase/postgrest-js';
import { createClient } from '@supabase/supabase-js';

const [, , url, email, password, slug] = process.argv;
const key = 'sb_publishable_anything';

function good({ data, error }) {
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

async function shopping(rest, userId, token) {
  const page = await rest.from('products').select('id,name,price,product_variants(id,sku)', { count: 'exact' })
    .gt('price', 0).order('price').range(0, 4);
  assert.ok(page.count >= 1 && good(page).length <= 5 && Array.isArray(page.data[0].product_variants));
  const one = good(await rest.from('products').select('id,name,price').eq('slug', slug).single());
  const found = good(await rest.rpc('search_products', { search: one.name }).select('id'));
  assert.ok(found.some((row) => row.id === one.id));
  const refused = await rest.rpc('add_to_cart', { product_id: one.id, quantity: 99999 });
  assert.equal(refused.error.code, 'insufficient_stock');
  good(await rest.rpc('add_to_cart', { product_id: one.id, quantity: 2 }));
  const lines = good(await rest.from('cart_items').select('quantity,products(id)'));
  assert.deepEqual(lines, [{ quantity: 2, products: { id: one.id } }]);
  const totals = good(await rest.rpc('cart_totals').single());
  const address = { address_line1: '1 High Street', city: 'York', postal_code: 'YO1 7AA', country: 'UK' };
  const mine = good(await rest.from('addresses').insert(address).select().single());
  const order = good(await rest.rpc('checkout', { shipping_address: mine.id }));
  const id = order.id ?? order[0].id;
  // Money goes by the shop's own route, since it wants a secret of Stripe's.
  const paid = await fetch(`${url}/api/v1/payments/confirm/`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ order_id: id, payment_method: 'pm_card_visa' }),
  });
  assert.equal(paid.status, 200, await paid.text());
  const orders = good(await rest.from('orders').select('id,status,total_amount,order_items(sku,quantity)').eq('id', id));
  assert.equal(orders[0].status, 'confirmed');
  assert.equal(orders[0].total_amount, totals.total_amount);
  assert.equal(orders[0].order_items[0].quantity, 2);
}

// Node 20 has no WebSocket, which the client wants to know of; nobody listens here.
const options = { auth: { persistSession: false, autoRefreshToken: false }, realtime: { transport: class {} } };
const supabase = createClient(url, key, options);

const made = good(await supabase.auth.signUp({ email, password }));
assert.equal(made.user.email, email);
assert.equal((await supabase.auth.signInWithPassword({ email, password: 'not the right one' })).error.status, 401);
const { session, user } = good(await supabase.auth.signInWithPassword({ email, password }));
assert.equal(user.email, email);
await shopping(supabase, user.id, session.access_token);

const renewed = good(await supabase.auth.refreshSession());
assert.notEqual(renewed.session.refresh_token, session.refresh_token);
assert.equal(good(await supabase.auth.getUser()).user.id, user.id);

const token = renewed.session.access_token;
const rest = new PostgrestClient(`${url}/rest/v1`, { headers: { apikey: key, Authorization: `Bearer ${token}` } });
await shopping(rest, user.id, token);

good({ data: null, error: (await supabase.auth.signOut()).error });
const after = await rest.from('orders').select('id');
assert.equal(after.status, 401);
console.log('done');
