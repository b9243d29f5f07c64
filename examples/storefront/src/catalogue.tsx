/** The list: search with suggestions, facets with counts, ordering, pages. All of it stands in the address. */
import { useSignal, useSignalEffect } from "@preact/signals";

import { api, said, type Schemas } from "./api";
import { attempt, go, money, route } from "./state";

type Page = Schemas["PaginatedProductSummaryList"];
const ORDERINGS = { "": "Best match, newest first", price: "Cheapest first", "-price": "Dearest first", name: "By name", rating: "Best rated", popularity: "Most reviewed" };

/** The address with one filter set, or removed if it was set to that. */
function toggled(name: string, value: string): URLSearchParams {
  const query = new URLSearchParams(route.value.query);
  if (name !== "page") query.delete("page");
  if (!value || query.get(name) === value) query.delete(name);
  else query.set(name, value);
  return query;
}

/** Options are one filter, `color:Moss,size:L`, with one value for each name. */
function toggledOption(name: string, value: string): URLSearchParams {
  const chosen = new Map((route.value.query.get("options") ?? "").split(",").filter(Boolean).map((pair) => pair.split(":") as [string, string]));
  if (chosen.get(name) === value) chosen.delete(name);
  else chosen.set(name, value);
  return toggled("options", [...chosen].map((pair) => pair.join(":")).join(","));
}

export function Catalogue() {
  const page = useSignal<Page | null>(null);
  const facets = useSignal<Schemas["Facets"] | null>(null);

  useSignalEffect(() => {
    const asked = route.value;
    if (asked.path !== "/") return;
    const query = Object.fromEntries(asked.query);
    void attempt(async () => {
      const [found, counted] = await Promise.all([
        api.GET("/api/v1/products/", { params: { query: { page_size: 24, ...query } } }),
        api.GET("/api/v1/products/facets/", { params: { query } }),
      ]);
      // Who has asked for something else meanwhile sees that.
      if (asked !== route.value) return;
      page.value = said(found);
      facets.value = said(counted);
    });
  });

  const query = route.value.query;
  const number = Number(query.get("page") ?? 1);
  return (
    <div class="catalogue">
      <Search />
      <details class="facets" open={matchMedia("(min-width: 60rem)").matches}>
        <summary>Filter{query.size ? ` (${query.size})` : ""}</summary>
        {facets.value && <Facets facets={facets.value} />}
      </details>
      <section aria-busy={!page.value}>
        <div class="bar">
          <span data-test="found">
            {page.value && `${page.value.count_is_estimate ? "about " : ""}${page.value.count.toLocaleString()} ${page.value.count === 1 ? "thing" : "things"}`}
          </span>
          <select aria-label="Order" value={query.get("ordering") ?? ""} onChange={(event) => go("/", toggled("ordering", event.currentTarget.value))}>
            {Object.entries(ORDERINGS).map(([value, label]) => <option value={value}>{label}</option>)}
          </select>
        </div>
        <ul class="grid">{page.value?.results.map((product) => <Card product={product} key={product.id} />)}</ul>
        {page.value?.count === 0 && <p class="empty">Nothing fits. <a href="#/">Show everything</a></p>}
        <div class="bar pages">
          {page.value?.previous ? <a href={`#/?${toggled("page", String(number - 1))}`}>← Back</a> : <span />}
          {page.value?.next && <a href={`#/?${toggled("page", String(number + 1))}`}>More →</a>}
        </div>
      </section>
    </div>
  );
}

function Search() {
  const typed = useSignal(route.value.query.get("search") ?? "");
  const suggested = useSignal<Schemas["Suggestion"][]>([]);
  const suggest = (text: string) => {
    typed.value = text;
    void attempt(async () => {
      const found = text.trim() ? said(await api.GET("/api/v1/products/suggestions/", { params: { query: { q: text } } })) : [];
      if (typed.value === text) suggested.value = found;
    });
  };
  return (
    <form class="search" role="search" onSubmit={(event) => {
      event.preventDefault();
      suggested.value = [];
      const query = new URLSearchParams(typed.value ? { search: typed.value } : {});
      go("/", query);
    }}>
      <input type="search" aria-label="Search" placeholder="Search lamps, blankets, …" value={typed.value} onInput={(event) => suggest(event.currentTarget.value)} />
      <button>Search</button>
      {suggested.value.length > 0 && (
        <ul class="suggestions">
          {suggested.value.map(({ kind, label, slug }) => (
            <li key={kind + slug}>
              <a href={kind === "product" ? `#/products/${slug}` : `#/?category=${slug}`} onClick={() => (suggested.value = [])}>
                {label} {kind === "category" && <small>category</small>}
              </a>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}

function Facet(props: { title: string; values: { label: string; count: number; query: URLSearchParams; isChosen: boolean }[] }) {
  if (!props.values.length) return null;
  return (
    <fieldset>
      <legend>{props.title}</legend>
      {props.values.map(({ label, count, query, isChosen }) => (
        <a href={`#/?${query}`} class={isChosen ? "chosen" : ""} aria-current={isChosen} key={label}>
          {label} <small>{count.toLocaleString()}</small>
        </a>
      ))}
    </fieldset>
  );
}

function Facets({ facets }: { facets: Schemas["Facets"] }) {
  const query = route.value.query;
  const values = (name: string, list: { value: string; label: string; count: number }[]) =>
    list.filter(({ count }) => count > 0).slice(0, 12).map(({ value, label, count }) => ({ label, count, query: toggled(name, value), isChosen: query.get(name) === value }));
  const options = (query.get("options") ?? "").split(",");
  const bands = facets.price.filter(({ count }) => count > 0).map(({ price_min, price_max, count }) => {
    const isChosen = query.get("price_min") === price_min && query.get("price_max") === price_max;
    const band = toggled("price_min", "");
    band.delete("price_min");
    band.delete("price_max");
    if (!isChosen) {
      band.set("price_min", price_min);
      if (price_max) band.set("price_max", price_max);
    }
    return { label: price_max ? `${price_min} to ${price_max}` : `from ${price_min}`, count, query: band, isChosen };
  });
  return (
    <>
      <Facet title="Category" values={values("category", facets.category.map((c) => ({ value: c.slug, label: c.name, count: c.count })))} />
      <Facet title="Price" values={bands} />
      {Object.entries(facets.options).map(([name, list]) => (
        <Facet title={name} key={name} values={list.slice(0, 12).map(({ value, count }) => (
          { label: value, count, query: toggledOption(name, value), isChosen: options.includes(`${name}:${value}`) }))} />
      ))}
      <Facet title="Rating" values={values("min_rating", facets.rating.map((r) => ({ value: String(r.min_rating), label: `${r.min_rating} and more`, count: r.count })))} />
      <Facet title="Brand" values={values("brand", facets.brand.map((b) => ({ ...b, label: b.value })))} />
      <Facet title="Stock" values={values("in_stock", [{ value: "true", label: "In stock", count: facets.in_stock }])} />
    </>
  );
}

function Card({ product }: { product: Schemas["ProductSummary"] }) {
  const picture = product.images[0];
  return (
    <li class="card">
      <a href={`#/products/${product.slug}`}>
        <div class="picture">
          {picture && <img src={picture.thumbnails["480"] ?? picture.image} alt={picture.alt_text} loading="lazy" width="480" height="480" />}
        </div>
        <h2>{product.name}</h2>
        <p>
          <strong>{product.has_variants && <small>from </small>}{money(product.price, product.currency)}</strong>
          {product.compare_price && <s>{money(product.compare_price, product.currency)}</s>}
          {product.average_rating !== null && <span class="rating">★ {product.average_rating.toFixed(1)}</span>}
        </p>
        {!product.is_in_stock && <p class="sold-out">Sold out</p>}
      </a>
    </li>
  );
}
