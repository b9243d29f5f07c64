/** One product: pictures, variants with their own stock and price, reviews. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { api, said, type Schemas } from "./api";
import { addToCart, attempt, money } from "./state";

export function ProductPage({ slug }: { slug: string }) {
  const product = useSignal<Schemas["Product"] | null>(null);
  const variant = useSignal<Schemas["Variant"] | null>(null);
  const picture = useSignal(0);
  const quantity = useSignal(1);

  useEffect(() => {
    void attempt(async () => {
      product.value = said(await api.GET("/api/v1/products/{slug}/", { params: { path: { slug } } }));
      variant.value = product.value.variants.find(({ is_in_stock, is_backorderable }) => is_in_stock || is_backorderable) ?? null;
    });
  }, [slug]);

  const it = product.value;
  if (!it) return <p class="empty" aria-busy="true" />;
  const shown = it.images[picture.value];
  const mustChoose = it.variants.length > 0;
  const left = mustChoose ? (variant.value?.stock_quantity ?? 0) : (it.stock_quantity ?? 0);
  const canBuy = mustChoose ? variant.value !== null && (variant.value.is_in_stock || variant.value.is_backorderable) : it.is_in_stock;
  return (
    <article class="product">
      <div class="pictures">
        <div class="picture">
          {shown && <img src={shown.thumbnails["960"] ?? shown.image} alt={shown.alt_text} width="960" height="960" />}
        </div>
        {it.images.length > 1 && (
          <div class="strip">
            {it.images.map((image, at) => (
              <button aria-label={`Picture ${at + 1}`} aria-pressed={at === picture.value} onClick={() => (picture.value = at)} key={image.id}>
                <img src={image.thumbnails["160"] ?? image.image} alt="" width="80" height="80" />
              </button>
            ))}
          </div>
        )}
      </div>
      <div class="about">
        {it.category && <a class="crumb" href={`#/?category=${it.category.slug}`}>{it.category.name}</a>}
        <h1>{it.name}</h1>
        <p class="price">
          <strong data-test="price">{money(variant.value?.price ?? it.price, it.currency)}</strong>
          {it.compare_price && <s>{money(it.compare_price, it.currency)}</s>}
          {it.average_rating !== null && <span class="rating">★ {it.average_rating.toFixed(1)} ({it.review_count})</span>}
        </p>
        {mustChoose && (
          <div class="variants" role="radiogroup" aria-label="Variant">
            {it.variants.map((one) => (
              <button role="radio" aria-checked={one.id === variant.value?.id} disabled={!one.is_in_stock && !one.is_backorderable} onClick={() => (variant.value = one)} key={one.id}>
                {Object.values(one.attributes).join(", ") || one.name}
              </button>
            ))}
          </div>
        )}
        <form onSubmit={(event) => {
          event.preventDefault();
          void attempt(() => addToCart(it.id, variant.value?.id ?? null, quantity.value));
        }}>
          <input type="number" aria-label="Quantity" min="1" max="99" value={quantity.value} onInput={(event) => (quantity.value = event.currentTarget.valueAsNumber || 1)} />
          <button class="main" disabled={!canBuy}>{canBuy ? "Add to cart" : "Sold out"}</button>
        </form>
        {canBuy && <p class="left">{left > 0 ? left <= 5 ? `Only ${left} left` : "In stock" : "Comes later: ordered for you"}</p>}
        <p class="description">{it.description}</p>
      </div>
      {it.reviews.length > 0 && (
        <section class="reviews">
          <h2>What customers say</h2>
          {it.reviews.map((review) => (
            <blockquote key={review.id}>
              <p><span class="rating">{"★".repeat(review.rating)}</span> <strong>{review.title}</strong></p>
              <p>{review.comment}</p>
              <footer>{review.author_name}{review.is_verified_purchase && ", has bought it"}</footer>
            </blockquote>
          ))}
        </section>
      )}
    </article>
  );
}
