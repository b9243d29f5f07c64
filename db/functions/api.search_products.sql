create function api.search_products(
  search text default '', category text default '', price_min numeric default null, price_max numeric default null,
  in_stock boolean default false, brand text default '', options text default '', min_rating numeric default null,
  ordering text default ''
) returns setof api.products
language plpgsql stable set search_path = '' as $$
declare
  filters jsonb := logic.product_filters(
    search => search, category => category, price_min => coalesce(round(price_min, 9)::text, ''),
    price_max => coalesce(round(price_max, 9)::text, ''), in_stock => in_stock::text, brand => brand, options => options,
    min_rating => coalesce(round(min_rating, 9)::text, '')
  );
begin
  return query
  select p.* from unnest((logic.find_products(filters, ordering, '', '100', null)).ids) with ordinality f (id, position)
  join api.products p on p.id = f.id
  order by f.position;
end;
$$;
comment on function api.search_products is $$Search products
The 100 that fit best, as rows of products, so that select, embedding, order and filters of columns work on them.
Arguments, all optional: search (beginnings of words in name, brand, category, SKU or description, typing errors forgiven), category (id or slug, with all below it), price_min, price_max, in_stock, brand, options (such as color:Moss,size:L), min_rating, ordering (price, name, created_at, each also with -, rating, popularity; else the best match, else the newest).
Errors: 400 invalid_filter.$$;
grant execute on function api.search_products to anon, customer;
