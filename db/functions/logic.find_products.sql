create function logic.find_products(
  filters jsonb, ordering text, page text, page_size text, after text,
  out ids uuid[], out total bigint, out is_estimate boolean, out has_more boolean, out cursor text
)
language plpgsql security definer set search_path = '' as $$
declare
  deepest constant integer := 10000;
  conditions text := logic.product_conditions(filters);
  wanted record := logic.page(page, page_size);
  term text := (
    select btrim(t.term) from unnest(string_to_array(ordering, ',')) with ordinality t (term, position)
    where btrim(t.term) ~ '^-?(price|name|created_at|rating|popularity)$' order by t.position limit 1
  );
  -- Best first, whichever sign stands before them.
  direction text := case when term ~ '^(price|name|created_at)$' then 'asc' else 'desc' end;
  sort_key text;
  keys text[];
  bound text := '';
  fence text := '';
begin
  select c.total, c.is_estimate into total, is_estimate from logic.count_products(filters, conditions) c;
  sort_key := case ltrim(term, '-')
    when 'price' then 'p.price_cents' when 'name' then 'p.name' when 'created_at' then 'p.created_at'
    when 'rating' then 'p.rating_tenths' when 'popularity' then 'p.review_count'
    else case when not filters ? 'search' then 'p.created_at'
      -- To rank is to read every match. Of so many the words say little, so the most reviewed come first.
      when is_estimate then 'p.review_count'
      else format('ts_rank(p.search_document, %L::tsquery)', logic.search_query(filters ->> 'search')) end
    end;
  if after <> '' then
    bound := logic.keyset_bound(after, sort_key, direction);
  elsif after is null and wanted.skip >= deepest then
    perform logic.problem(404, 'invalid_page', 'Invalid page.', null, 'Pages end at row 10,000; go on with after.');
  end if;
  -- Few are gathered first and sorted then: the planner might walk the whole shop in order, hoping to meet them soon.
  -- Many are met soon, and a category has its own indexes by time and by price.
  if not is_estimate and (
    jsonb_array_length(filters -> 'category_ids') = 1 and sort_key in ('p.price_cents', 'p.created_at')
  ) is not true and total * 20 <= (select c.reltuples from pg_class c where c.oid = 'shop.products'::regclass) then
    fence := 'offset 0';
  end if;
  execute format(
    'select array_agg(f.id), array_agg(f.key::text) from (
      select m.id, m.key from (select p.id, %1$s as key from shop.products p where %2$s %3$s) m
      where true %4$s order by m.key %5$s, m.id %5$s limit $1 offset $2
    ) f',
    sort_key, conditions, fence, bound, direction
  ) into ids, keys using wanted.size + 1, case when after is null then wanted.skip else 0 end;
  has_more := cardinality(ids) > wanted.size;
  if has_more and (after is not null or wanted.skip + wanted.size >= deepest) then
    cursor := logic.keyset_cursor(sort_key, keys[wanted.size], ids[wanted.size]);
  end if;
  ids := ids[:wanted.size];
  if ids is null and wanted.number > 1 and after is null then
    perform logic.problem(404, 'invalid_page', 'Invalid page.');
  end if;
end;
$$;
comment on function logic.find_products is
  'A page of ids, how many there are, and where the next page begins. Counts are exact up to 10,000 and estimates beyond. It looks as owner, since row-level security would keep every condition on prices, texts and options out of the indexes; what it may show stands in logic.product_conditions. Raises 400 invalid_filter, 404 invalid_page.';
grant execute on function logic.find_products to anon, customer;
