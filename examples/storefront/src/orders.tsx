/** Orders: their list, and one with its status as it changes. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { api, said, type Schemas, session } from "./api";
import { CARDS, pay } from "./checkout";
import { attempt, money, notice } from "./state";

const STEPS = ["pending", "confirmed", "processing", "shipped", "delivered"] as const;
const PATIENCE = 2000;

export function Orders() {
  const orders = useSignal<Schemas["Order"][] | null>(null);
  useEffect(() => {
    void attempt(async () => {
      orders.value = said(await api.GET("/api/v1/orders/", {})).results;
    });
  }, [session.value?.user.id]);
  if (!orders.value?.length) return <p class="empty">{orders.value ? "No orders yet." : ""}</p>;
  return (
    <section>
      <h1>Your orders</h1>
      <ul class="lines">
        {orders.value.map((order) => (
          <li key={order.id}>
            <a href={`#/orders/${order.id}`}>{order.order_number}</a>
            <span>{new Date(order.created_at).toLocaleDateString()}</span>
            <span class={`status ${order.status}`}>{order.status_display}</span>
            <strong>{money(order.total_amount, order.currency)}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function OrderPage({ id }: { id: string }) {
  const order = useSignal<Schemas["Order"] | null>(null);
  const card = useSignal("pm_card_visa");
  const load = async () => {
    order.value = said(await api.GET("/api/v1/orders/{id}/", { params: { path: { id } } }));
  };
  useEffect(() => {
    void attempt(load);
    // The webhook of a payment, or staff who ships, may come at any time.
    const timer = setInterval(() => void load().catch(() => undefined), PATIENCE);
    return () => clearInterval(timer);
  }, [id]);

  const it = order.value;
  if (!it) return <p class="empty" aria-busy="true" />;
  const reached = STEPS.indexOf(it.status as (typeof STEPS)[number]);
  return (
    <section class="order">
      <h1>Order {it.order_number}</h1>
      <p class={`status ${it.status}`} data-test="status" aria-live="polite">{it.status_display}</p>
      {reached >= 0 && (
        <ol class="steps">{STEPS.map((step, at) => <li class={at <= reached ? "reached" : ""} key={step}>{step}</li>)}</ol>
      )}
      {it.status === "pending" && (
        <form class="panel" onSubmit={(event) => {
          event.preventDefault();
          void attempt(async () => {
            await pay(it.id, card.value);
            await load();
            notice.value = { kind: "done", text: "Thank you: it is paid." };
          });
        }}>
          <label>Card
            <select value={card.value} onChange={(event) => (card.value = event.currentTarget.value)}>
              {Object.entries(CARDS).map(([name, label]) => <option value={name}>{label}</option>)}
            </select>
          </label>
          <button class="main">Pay {money(it.total_amount, it.currency)}</button>
        </form>
      )}
      <ul class="lines">
        {it.items.map((item) => (
          <li key={item.id}>
            <span>{item.quantity} × {item.product_name} {item.variant_name && <small>{item.variant_name}</small>}</span>
            <strong>{money(item.subtotal, it.currency)}</strong>
          </li>
        ))}
        <li class="sum"><span>Total, with tax and delivery</span><strong>{money(it.total_amount, it.currency)}</strong></li>
      </ul>
      {it.shipments.map((shipment) => <p key={shipment.id}>{[shipment.carrier && `On its way with ${shipment.carrier}`, shipment.tracking_number].filter(Boolean).join(", ") || "On its way"}</p>)}
      <h2>What has happened</h2>
      <ul class="history">
        {it.status_history.map((change) => (
          <li key={change.timestamp}><time>{new Date(change.timestamp).toLocaleString()}</time> {change.status}{change.notes && `: ${change.notes}`}</li>
        ))}
      </ul>
    </section>
  );
}
