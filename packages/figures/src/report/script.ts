/**
 * Makes the headings of tables sort them. The page is complete without it.
 *
 * Cells sort by `data-sort` where they have it, else by their text; a second click turns the order around. The text is
 * fixed, and only this text may run on the page: its hash stands in the page's content security policy.
 */
export const sortScript: string = `for(const t of document.querySelectorAll('table.sortable')){const h=[...t.tHead.rows[0].cells];h.forEach((c,i)=>{const b=document.createElement('button');b.type='button';b.append(...c.childNodes);c.append(b);b.onclick=()=>{const d=c.ariaSort==='descending'?1:c.ariaSort==='ascending'?-1:c.classList.contains('number')?-1:1;h.forEach(o=>o.removeAttribute('aria-sort'));c.ariaSort=d>0?'ascending':'descending';const v=r=>r.cells[i].dataset.sort??r.cells[i].textContent;const f=(x,y)=>{const p=v(x),q=v(y),m=Number(p),n=Number(q);return p!==''&&q!==''&&m===m&&n===n?m-n:p.localeCompare(q)};t.tBodies[0].append(...[...t.tBodies[0].rows].sort((x,y)=>d*f(x,y)))}})}`;

/** SHA-256 of {@link sortScript} as a content security policy names it; a test keeps the two together. */
export const sortScriptHash: string = 'sha256-0MEks8RkepzgKYJTZNXp+CIYtGIaivr274aE12v9a6s=';
