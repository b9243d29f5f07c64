create function logic.envelope(total bigint, page text, page_size text, results json) returns json
language plpgsql stable set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
  url text := coalesce(logic.header('x-original-url'), '');
  base text := split_part(url, '?', 1);
  others text := regexp_replace(substr(url, length(base) + 2), '(^|&)page=[^&]*', '', 'g');
  link text := base || '?' || case when ltrim(others, '&') <> '' then ltrim(others, '&') || '&' else '' end || 'page=';
begin
  if wanted.number > 1 and wanted.skip >= total then
    perform logic.problem(404, 'invalid_page', 'Invalid page.');
  end if;
  return json_build_object(
    'count', total,
    'next', case when wanted.skip + wanted.size < total then link || (wanted.number + 1) end,
    'previous', case when wanted.number > 1 then link || (wanted.number - 1) end,
    'results', results
  );
end;
$$;
comment on function logic.envelope is
  'One page as {count, next, previous, results} with absolute links that keep every other parameter. Raises 404 invalid_page beyond the end.';
grant execute on function logic.envelope to anon, customer;
