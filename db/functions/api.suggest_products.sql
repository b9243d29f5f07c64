create function api.suggest_products(q text) returns table (kind text, label text, slug text)
language plpgsql stable security definer set search_path = '' as $$
declare
  -- While somebody types, one letter is already the beginning of a word.
  query tsquery := logic.search_query(q, 1);
begin
  return query
  select 'category', c.name, c.slug from shop.categories c
  where c.is_active and to_tsvector('shop.words', c.name) @@ query
  order by length(c.name), c.name limit 3;
  -- Names and brands only. With its value in the statement, the planner knows how common the word is.
  return query execute format(
    'select ''product'', p.name, p.slug from shop.products p
    where p.is_active and p.search_document @@ %L::tsquery order by p.review_count desc, p.id desc limit 7',
    replace(query::text, ':*', ':*AB')
  );
end;
$$;
comment on function api.suggest_products is $$Suggestions while somebody types
At most 10: categories first, then the products with most reviews whose name, brand or category has words that begin so. Typing errors are forgiven.
Argument: q. Each has kind (category or product), label and slug.$$;
grant execute on function api.suggest_products to anon, customer;
