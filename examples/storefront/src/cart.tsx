/** The cart: quantities, prices that have moved, the way to the checkout. */
import { api, said, type Schemas } from "./api";
import { attempt, cart, loadCart, money } from "./state";

export function CartPage() {
  const it = cart.value;
  if (!it?.items.length) return <p class="empty">Your cart is empty. <a href="#/">To the shop</a></p>;
  return (
    <div class="columns">
      <section>
        <h1>Your cart</h1>
        <ul class="lines">{it.items.map((item) => <Line item={item} currency={it.currency} key={item.id} />)}</ul>
      </section>
      <aside class="panel">
        <Totals cart={it} />
        <a class="main button" href="#/checkout">Check out</a>
      </aside>
    </div>
  );
}

export function Totals({ cart: it }: { cart: Schemas["Cart"] }) {
  const rows: [string, string][] = [["Goods", it.subtotal], ["Discount", it.discount], ["Tax", it.tax], ["Delivery", it.shipping_cost]];
  return (
    <dl class="totals">
      {rows.filter(([title, amount]) => title === "Goods" || Number(amount)).map(([title, amount]) => (
        <div key={title}><dt>{title}</dt><dd>{money(amount, it.currency)}</dd></div>
      ))}
      <div class="sum"><dt>Total</dt><dd data-test="total">{money(it.total_amount, it.currency)}</dd></div>
    </dl>
  );
}

function Line({ item, currency }: { item: Schemas["CartItem"]; currency: string }) {
  const params = { path: { id: item.id } };
  const change = (quantity: number) => attempt(async () => {
    if (quantity > 0) said(await api.PATCH("/api/v1/cart/items/{id}/", { params, body: { quantity } }));
    else {
      const { error } = await api.DELETE("/api/v1/cart/items/{id}/", { params });
      if (error) said({ error });
    }
    await loadCart();
  });
  return (
    <li>
      <div class="picture small">{item.product.image && <img src={item.product.image} alt="" width="96" height="96" />}</div>
      <div>
        <a href={`#/products/${item.product.slug}`}>{item.product.name}</a>
        {item.variant && <small>{Object.values(item.variant.attributes).join(", ") || item.variant.name}</small>}
        {item.price !== item.price_snapshot && <small class="warn">The price was {money(item.price_snapshot, currency)}</small>}
        {!item.is_available && <small class="warn">Only {item.stock_quantity} left</small>}
      </div>
      <div class="stepper">
        <button aria-label="One less" onClick={() => void change(item.quantity - 1)}>−</button>
        <span>{item.quantity}</span>
        <button aria-label="One more" onClick={() => void change(item.quantity + 1)}>+</button>
      </div>
      <strong>{money(item.subtotal, currency)}</strong>
    </li>
  );
}
