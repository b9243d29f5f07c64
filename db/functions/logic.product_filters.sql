create function logic.product_filters(
  category text default '', price_min text default '', price_max text default '', in_stock text default '',
  is_featured text default '', is_active text default '', name text default '', search text default '',
  brand text default '', options text default '', min_rating text default ''
) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  number constant text := '^\s*([0-9]{1,9}(\.[0-9]{1,9})?)?\s*$';
  category_ids uuid[];
begin
  perform logic.require_filter(price_min ~ number, 'price_min', 'Enter a number.');
  perform logic.require_filter(price_max ~ number, 'price_max', 'Enter a number.');
  perform logic.require_filter(min_rating ~ number, 'min_rating', 'Enter a number.');
  perform logic.require_filter(
    options ~ '^\s*$' or (options ~ '^[^:,]+:[^:,]+(,[^:,]+:[^:,]+)*$' and length(options) <= 500),
    'options', 'Enter options as name:value, with commas between them.'
  );
  if btrim(category) <> '' then
    category_ids := logic.category_tree(btrim(category));
    perform logic.require_filter(category_ids is not null, 'category', 'There is no such category.');
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    'category_ids', to_jsonb(category_ids), 'price_min', nullif(btrim(price_min), ''),
    'price_max', nullif(btrim(price_max), ''), 'min_rating', nullif(btrim(min_rating), ''),
    'in_stock', nullif(lower(btrim(in_stock)) in ('true', '1'), false),
    'is_featured', case when lower(btrim(is_featured)) in ('true', '1') then true
      when lower(btrim(is_featured)) in ('false', '0') then false end,
    'is_active', case when lower(btrim(is_active)) in ('false', '0') then false end,
    'name', nullif(left(btrim(name), 255), ''), 'search', nullif(left(btrim(search), 200), ''),
    'brand', nullif(lower(btrim(brand)), ''), 'options', nullif(btrim(options), '')
  ));
end;
$$;
comment on function logic.product_filters is
  'The filters of /api/v1/products/ as they came, made one object of those that are set. Raises 400 invalid_filter.';
grant execute on function logic.product_filters to anon, customer;
