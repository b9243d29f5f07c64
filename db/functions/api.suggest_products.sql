create function api.suggest_products(q text) returns table (kind text, label text, slug text)
language plpgsql stable security definer set search_path = '' as $$
declare
  -- Not in the description. While somebody types, one letter is already the beginning of a word.
  query tsquery := logic.search_query(q, 'ABC');
begin
  return query
  select 'category', c.name, c.slug from shop.categories c
  where c.is_active and setweight(to_tsvector('shop.words', c.name), 'A') @@ query
  order by length(c.name), c.name limit 3;
  -- Of two letters the planner believes that they stand everywhere, and would read the shop until it has met some.
  perform set_config('enable_seqscan', 'off', true);
  -- Of 500 that the index gives first, lest a rare word is looked for in the whole shop.
  return query
  select 'product', m.name, m.slug from (
    select p.name, p.slug, p.review_count, p.id from shop.products p
    where p.is_active and p.search_document @@ query limit 500
  ) m
  order by m.review_count desc, m.id desc limit 7;
end;
$$;
comment on function api.suggest_products is $$Suggestions while somebody types
At most 10: categories first, then the products with most reviews whose name, brand, category or SKU has words that begin so. Typing errors are forgiven.
Argument: q. Each has kind (category or product), label and slug.$$;
grant execute on function api.suggest_products to anon, customer;
