create function v1.list_products(
  category text default '', price_min text default '', price_max text default '', in_stock text default '',
  is_featured text default '', is_active text default '', name text default '', search text default '',
  ordering text default '', page text default '', page_size text default ''
) returns json
-- As the owner: under row-level security no index serves a comparison that PostgreSQL does not call leakproof, such as
-- that of prices or `ilike`. So what customers may not see is left out by the statement itself.
language plpgsql stable security definer set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
  -- Only what was asked for becomes part of the statement, so that each combination gets a plan of its own.
  conditions text := 'p.is_active';
  sort_key text := case ordering
    when 'price' then 'p.price, p.id' when '-price' then 'p.price desc, p.id'
    when 'name' then 'p.name, p.id' when '-name' then 'p.name desc, p.id'
    when 'created_at' then 'p.created_at, p.id'
    when 'rating' then 'p.average_rating desc nulls last, p.id' when '-rating' then 'p.average_rating desc nulls last, p.id'
    when 'popularity' then 'p.review_count desc, p.id' when '-popularity' then 'p.review_count desc, p.id'
    else 'p.created_at desc, p.id' end;
  category_ids uuid[];
  pattern text := '%' || replace(replace(replace(name, '\', '\\'), '%', '\%'), '_', '\_') || '%';
  words text[];
  total bigint;
  results json;
begin
  if category <> '' then
    with recursive branch as (
      select c.id from shop.categories c
      where (c.slug = list_products.category or c.id = logic.to_uuid(list_products.category)) and c.is_active
      union
      select c.id from shop.categories c join branch b on c.parent_id = b.id and c.is_active
    )
    select array_agg(b.id) into category_ids from branch b;
    perform logic.require_filter(category_ids is not null, 'category', 'There is no such category.');
    conditions := conditions || ' and p.category_id = any($1)';
  end if;
  perform logic.require_filter(price_min ~ '^([0-9]{1,9}(\.[0-9]+)?)?$', 'price_min', 'Enter a number.');
  perform logic.require_filter(price_max ~ '^([0-9]{1,9}(\.[0-9]+)?)?$', 'price_max', 'Enter a number.');
  conditions := conditions
    || case when price_min <> '' then ' and p.price >= $2' else '' end
    || case when price_max <> '' then ' and p.price <= $3' else '' end
    || case when lower(in_stock) in ('true', '1') then ' and exists (
         select from shop.product_variants v join shop.stock s on s.variant_id = v.id
         where v.product_id = p.id and v.is_active and s.available > 0)' else '' end
    || case when lower(is_featured) in ('true', '1') then ' and p.is_featured'
         when lower(is_featured) in ('false', '0') then ' and not p.is_featured' else '' end
    || case when lower(is_active) in ('false', '0') then ' and false' else '' end
    || case when name <> '' then ' and p.name ilike $4' else '' end;
  if btrim(search) <> '' then
    select array_agg('%' || replace(replace(replace(w, '\', '\\'), '%', '\%'), '_', '\_') || '%') into words
    from regexp_split_to_table(btrim(left(search, 200)), '\s+') w;
    -- One condition a word: `ilike all` cannot use the index.
    select conditions || string_agg(
      format(' and (p.name || '' '' || p.description || '' '' || p.sku) ilike $5[%s]', n), '' order by n
    ) into conditions from generate_subscripts(words, 1) n;
  end if;

  execute format('select count(*) from shop.products p where %s', conditions)
  into total using category_ids, nullif(price_min, '')::numeric, nullif(price_max, '')::numeric, pattern, words;
  execute format($list$
    select coalesce(json_agg(json_build_object(
      'id', p.id, 'name', p.name, 'slug', p.slug, 'price', logic.money(p.price),
      'compare_price', logic.money(p.compare_price), 'currency', t.currency, 'stock_quantity', p.stock_quantity,
      'is_in_stock', p.is_in_stock, 'is_featured', p.is_featured,
      'category', case when c.id is not null then json_build_object('id', c.id, 'name', c.name, 'slug', c.slug) end,
      'images', (
        select coalesce(json_agg(
          json_build_object('id', g.id, 'image', g.image, 'alt_text', g.alt_text, 'is_primary', g.is_primary)
          order by g.is_primary desc, g.sort_order, g.id
        ), '[]')
        from shop.product_images g where g.product_id = p.id
      ), 'average_rating', p.average_rating, 'review_count', p.review_count,
      'created_at', p.created_at
    ) order by %2$s), '[]')
    from (select p.id from (select * from shop.products p where %1$s %3$s) p order by %2$s limit $6 offset $7) chosen
    join api.products p on p.id = chosen.id
    left join shop.categories c on c.id = p.category_id and c.is_active
    cross join shop.settings t
  $list$, conditions, sort_key,
    -- When few match, PostgreSQL is to find them all and sort, and not to search for a page of them in sorted order: it
    -- cannot know how few there are. `offset 0` is the sign between the two.
    case when total <= 1000 then 'offset 0' end)
  into results using category_ids, nullif(price_min, '')::numeric, nullif(price_max, '')::numeric, pattern, words,
    wanted.size, wanted.skip;
  return logic.envelope(total, page, page_size, results);
end;
$$;
comment on function v1.list_products is $$Products
A page of the active ones. Filters: category (id or slug, with all below it), price_min, price_max, in_stock, is_featured, name (part of it), search (every word in name, description or SKU). Ordering: price, name, created_at (each also with -), rating, popularity; newest first unless told.
Errors: 400 invalid_filter, 404 invalid_page.$$;
grant execute on function v1.list_products to anon, customer;
