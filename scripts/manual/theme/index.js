// Without the fonts, which are a quarter of the site.
import Theme from 'vitepress/theme-without-fonts';
import './style.css';

export default Theme;
